/** Models that speak one after the other: who is next, how far it is, and why it ended. */

import { StopIcon } from "@solar-icons/react/bold/stop"
import { GitBranchIcon } from "@solar-icons/react/linear/git-branch"

import { useRoom } from "@/features/conversation/room-context"
import { stopRun } from "@/features/conversation/actions"
import { ticksOf } from "@/features/runs/ticks"
import { Button } from "@/components/ui/button"
import { Glyph, hueClass } from "@/components/ui/glyph"
import { cn } from "@/lib/cn"
import { capital, money, plural } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import { type Message, type RunView, slotOf } from "@/lib/protocol"
import { useNow } from "@/lib/use-now"
import { useRoomView } from "@/lib/use-room"

/** Give a model's name and slot, also of one that is not offered any more. */
export function useModel(modelId: string | null): { name: string; slot: number } | null {
  const { models } = useRoom()
  if (!modelId) return null
  const model = models.get(modelId)
  return { name: plain(model?.name ?? modelId), slot: slotOf(model?.slot) }
}

/** A dotted rule and a name: the next one to speak. */
export function NextUp({ run }: { run: RunView }) {
  const next = useModel(run.next_model_id)
  if (!next) return null
  return (
    <div className={cn("grid grid-cols-[28px_minmax(0,1fr)] items-center gap-x-3.5 pt-1 pb-1.5 text-ui text-ink-3", hueClass(next.slot))}>
      <i className="row-rule rule-dotted col-start-2 mb-1 w-full max-w-[720px]" />
      <span className="grid place-items-center">
        <Glyph slot={next.slot} name={next.name} size={18} />
      </span>
      <span>
        <b className="font-medium text-ink-2">{next.name}</b> is next
      </span>
    </div>
  )
}

function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`
}

/** Above the composer while models speak in turn: a tick for each turn, the round, the money, and Stop. */
export function InTurnBar({ run }: { run: RunView }) {
  const { store, models, canWrite } = useRoom()
  const { messages } = useRoomView(store)
  const now = useNow(true)
  const ticks = ticksOf(run, [...messages.values()])
  const price = money(run.cost_usd)
  return (
    <div className="in-turn-bar">
      <span className="ticks" role="img" aria-label={`${run.turns_done} of ${run.turns_total} turns done`}>
        {ticks.map((round, index) => (
          <span key={index}>
            {round.map((tick, at) =>
              tick.kind === "person" ? <u key={at} title={tick.name} /> : <i key={at} className={cn(hueClass(slotOf(models.get(tick.modelId)?.slot)), tick.kind)} />,
            )}
          </span>
        ))}
      </span>
      <b className="shrink-0 font-semibold">
        Round {run.round} of {run.rounds}
      </b>
      <span className="num cut text-ink-3">
        {price && price !== "free" && `${price} · `}
        {clock(now - Date.parse(run.started_at))}
      </span>
      <span className="grow" />
      {run.state === "stopping" ? (
        <span className="text-ink-3">Stopping</span>
      ) : (
        canWrite && (
          <Button look="quiet" onClick={() => stopRun(run.id)} className="-mr-2">
            <StopIcon size={12} />
            Stop
          </Button>
        )
      )}
    </div>
  )
}

/** A black rule and the reason; then turns, money and time. */
export function Ended({ run, last }: { run: RunView; last: Message | null }) {
  const { ui, canWrite } = useRoom()
  const price = money(run.cost_usd)
  const figures = [
    capital(plural(run.turns_done, "turn")),
    price,
    run.ended_at && clock(Date.parse(run.ended_at) - Date.parse(run.started_at)),
  ].filter(Boolean)
  return (
    <div className="ended">
      <p>
        <b>{run.reason || "Ended."}</b> <span className="num">{figures.join(", ")}.</span>
      </p>
      {canWrite && last && (
        <Button look="quiet" className="mt-1 -ml-2" onClick={() => ui.set((now) => ({ ...now, dialog: { kind: "branch", message: last } }))}>
          <GitBranchIcon size={15} />
          Branch from the last turn
        </Button>
      )}
    </div>
  )
}
