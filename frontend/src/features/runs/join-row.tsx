import { StopIcon } from "@solar-icons/react/bold/stop"

import { useRoom } from "@/features/conversation/room-context"
import { stopRun, stopTurn } from "@/features/conversation/actions"
import type { Lane } from "@/features/runs/lanes-of"
import { Button } from "@/components/ui/button"
import { money } from "@/lib/format"
import { isOpen, type RunView } from "@/lib/protocol"
import { useNow } from "@/lib/use-now"

/** Under the lanes: how many are in, how long, what it cost; and the way to stop all that still write. */
export function JoinRow({ lanes, run }: { lanes: readonly Lane[]; run: RunView | null }) {
  const { canWrite } = useRoom()
  const open = lanes.filter((lane) => isOpen(lane.shown))
  const isGoing = open.length > 0
  const now = useNow(isGoing)
  const finished = lanes.filter((lane) => lane.shown.state === "complete").length
  const words = [
    isGoing ? `${finished} of ${lanes.length} finished` : finished === lanes.length ? "all finished" : `${finished} of ${lanes.length} answered`,
    lasted(lanes, run, now),
    spent(lanes, isGoing),
  ].filter(Boolean)

  function stopAll() {
    if (run && run.state === "running") {
      stopRun(run.id)
      return
    }
    for (const lane of open) if (lane.shown.turn_id) stopTurn(lane.shown.turn_id)
  }
  return (
    <div className="join-row">
      {isGoing && canWrite && (
        <Button look="quiet" onClick={stopAll} className="-ml-2">
          <StopIcon size={12} />
          Stop all
        </Button>
      )}
      <span className="grow" />
      <span className="num cut text-small text-ink-3">{words.join(" · ")}</span>
    </div>
  )
}

function lasted(lanes: readonly Lane[], run: RunView | null, now: number): string {
  const slowest = Math.max(0, ...lanes.map((lane) => lane.shown.meta.duration_ms ?? 0))
  const going = run && !run.ended_at && lanes.some((lane) => isOpen(lane.shown)) ? now - Date.parse(run.started_at) : 0
  const ms = Math.max(slowest, going)
  return ms < 100 ? "" : ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)}:${String(Math.floor((ms / 1000) % 60)).padStart(2, "0")}`
}

function spent(lanes: readonly Lane[], isGoing: boolean): string {
  const costs = lanes.flatMap((lane) => lane.siblings.map((message) => message.meta.cost_usd)).filter((cost) => cost != null)
  if (!costs.length) return ""
  const words = money(costs.reduce((sum, cost) => sum + cost, 0)) ?? ""
  return isGoing && words !== "free" ? `${words} so far` : words
}
