import "@/features/runs/lanes.css"

import { memo } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { Lane } from "@/features/runs/lane"
import { LanePager } from "@/features/runs/lane-pager"
import { LaneWide } from "@/features/runs/lane-wide"
import { type Lane as LaneView, layoutOf } from "@/features/runs/lanes-of"
import { bestOfLanes } from "@/features/runs/stats"
import { useStore } from "@/lib/store"

/** The answers of one question: side by side, one at a time on a phone, or one at full measure. */
export const Lanes = memo(function Lanes({ seq, lanes }: { seq: number; lanes: readonly LaneView[] }) {
  const { capacity, ui } = useRoom()
  const { wide } = useStore(ui)
  const best = bestOfLanes(lanes)
  const layout = layoutOf(lanes.length, capacity)
  if (layout.isPager) return <LanePager seq={seq} lanes={lanes} best={best} />
  const widened = wide?.seq === seq ? lanes.find((lane) => lane.lane === wide.lane) : undefined
  if (widened) return <LaneWide lanes={lanes} shown={widened} best={best} />
  return (
    <div className="lanes" data-columns={layout.columns} data-count={lanes.length} style={{ "--n": layout.columns } as React.CSSProperties}>
      {lanes.map((lane) => (
        <Lane key={lane.lane} lane={lane} best={best} foldedTo={layout.foldedTo} />
      ))}
    </div>
  )
})
