import { memo } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { LaneBody } from "@/features/runs/lane-body"
import { LaneFoot } from "@/features/runs/lane-foot"
import { LaneHead } from "@/features/runs/lane-head"
import { ruleOf } from "@/features/runs/lane-look"
import { type Lane as LaneView, letterOf } from "@/features/runs/lanes-of"
import { type Best, Stats } from "@/features/runs/stats"
import { usePhase } from "@/features/runs/use-answer"
import { hueClass } from "@/components/ui/glyph"
import { cn } from "@/lib/cn"
import { plain } from "@/lib/markdown/safe"
import { slotOf } from "@/lib/protocol"

interface LaneProps {
  lane: LaneView
  best: Best
  /** Lines a finished body keeps; 0: all. */
  foldedTo: number
  /** In the pager its tab has rule and name. */
  isBare?: boolean
  className?: string | undefined
}

/** One model's answer in its column: rule, name, figures, words, and what can be done with it. */
export const Lane = memo(function Lane({ lane, best, foldedTo, isBare = false, className }: LaneProps) {
  const { shown } = lane
  const { models } = useRoom()
  const phase = usePhase(shown)
  const name = plain(shown.author.name)
  const slot = slotOf(shown.author.slot ?? models.get(shown.author.id)?.slot)
  return (
    <article className={cn("lane", hueClass(slot), className)} data-phase={phase} data-lane={lane.lane} aria-label={`Lane ${letterOf(lane.index)}, ${name}`}>
      {!isBare && <div className={cn("lane-rule", `rule-${ruleOf(phase)}`)} />}
      {!isBare && <LaneHead lane={lane} phase={phase} name={name} slot={slot} />}
      <Stats message={shown} phase={phase} best={best} />
      <LaneBody lane={lane} phase={phase} name={name} foldedTo={foldedTo} />
      <LaneFoot lane={lane} phase={phase} name={name} />
    </article>
  )
})
