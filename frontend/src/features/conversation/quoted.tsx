import { ReplyIcon } from "@solar-icons/react/linear/reply"

import { useRoom } from "@/features/conversation/room-context"
import { plain } from "@/lib/markdown/safe"

const SHOWN = 140

/** The first words of what this answers; it leads there. */
export function Quoted({ seq }: { seq: number }) {
  const { store } = useRoom()
  // A quote is what stood there when the row was drawn; it is not worth a watch of its own.
  const message = [...store.current.view.messages.values()].find((one) => one.seq === seq)
  if (!message) return null
  const words = message.state === "deleted" ? "deleted" : plain(message.body).replace(/\s+/g, " ").slice(0, SHOWN)
  return (
    <p className="flex min-w-0 items-center gap-1.5 text-small text-ink-3">
      <ReplyIcon size={13} />
      <b className="shrink-0 font-medium">{plain(message.author.name)}</b>
      <span className="cut">{words}</span>
    </p>
  )
}
