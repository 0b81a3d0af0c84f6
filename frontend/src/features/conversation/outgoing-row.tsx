import { useRoom } from "@/features/conversation/room-context"
import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import { time } from "@/lib/format"
import { Markdown } from "@/lib/markdown/markdown"
import { changeOutgoing, type Outgoing, removeOutgoing } from "@/lib/outgoing"
import { useRoomView } from "@/lib/use-room"

/** What this person wrote and the server has not acknowledged: paler, and seen by them alone. */
export function OutgoingRow({ outgoing }: { outgoing: Outgoing }) {
  const { me, store } = useRoom()
  const { messages } = useRoomView(store)
  const isRefused = outgoing.state === "refused"
  function again() {
    const head = Math.max(0, ...[...messages.values()].map((message) => message.seq))
    changeOutgoing(outgoing.client_id, { state: "sending", reason: "", after_seq: head, written_at: new Date().toISOString() })
  }
  return (
    <div className="say" data-outgoing={outgoing.state}>
      <Avatar name={me.name} />
      <div className="say-body">
        <div className="by-line">
          <b>{me.name}</b>
          <time>{time(outgoing.written_at)}</time>
        </div>
        <Markdown text={outgoing.body} hasBreaks className={outgoing.seq === null ? "text-ink-3" : undefined} />
        {isRefused && (
          <div className="flex min-h-8 flex-wrap items-center text-ui">
            <span className="mr-1 text-danger">Not sent.</span>
            {outgoing.reason && <span className="mr-1 text-ink-2">{outgoing.reason}</span>}
            <Button look="link" className="px-1.5" onClick={again}>
              Try again
            </Button>
            <Button look="quiet" className="px-1.5" onClick={() => removeOutgoing(outgoing.client_id)}>
              Discard
            </Button>
          </div>
        )}
      </div>
    </div>
  )
}
