import { useRoom } from "@/features/conversation/room-context"
import { Lane } from "@/features/runs/lane"
import { LaneTab } from "@/features/runs/lane-tab"
import { LaneTabs } from "@/features/runs/lane-tabs"
import type { Lane as LaneView } from "@/features/runs/lanes-of"
import type { Best } from "@/features/runs/stats"

/** One lane at full measure; the others are a row of headers. The same key, or Esc, goes back. */
export function LaneWide({ lanes, shown, best }: { lanes: readonly LaneView[]; shown: LaneView; best: Best }) {
  const { ui } = useRoom()
  const open = (lane: LaneView | null) => ui.set((now) => ({ ...now, turned: now.turned + 1, wide: lane && { seq: lane.seq, lane: lane.lane } }))
  return (
    <div className="lane-wide">
      <LaneTabs>
        {lanes.map((lane) => (
          <LaneTab key={lane.lane} lane={lane} isOn={lane === shown} hasLetter onSelect={() => open(lane === shown ? null : lane)} />
        ))}
      </LaneTabs>
      <Lane key={shown.lane} lane={shown} best={best} foldedTo={0} isBare />
    </div>
  )
}
