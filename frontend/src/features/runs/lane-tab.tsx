import { CheckCircleIcon } from "@solar-icons/react/linear/check-circle"

import { useRoom } from "@/features/conversation/room-context"
import { ruleOf, secondsUntil, shortWait } from "@/features/runs/lane-look"
import { type Lane, letterOf } from "@/features/runs/lanes-of"
import { usePhase, useWaiting } from "@/features/runs/use-answer"
import { Glyph, hueClass } from "@/components/ui/glyph"
import { Letter } from "@/components/ui/letter"
import { LiveBars } from "@/components/ui/live-bars"
import { cn } from "@/lib/cn"
import { plain } from "@/lib/markdown/safe"
import { slotOf } from "@/lib/protocol"
import { useNow } from "@/lib/use-now"

interface LaneTabProps {
  lane: Lane
  isOn: boolean
  hasLetter?: boolean
  /** The first word of its name, where only one lane has it. */
  shortName?: string | undefined
  /** Among so many that only the open one has room for its name; the rule says how the others stand. */
  isNarrow?: boolean
  onSelect: () => void
}

/** A lane's rule, glyph and name, and one sign of how it stands. */
export function LaneTab({ lane, isOn, hasLetter = false, shortName, isNarrow = false, onSelect }: LaneTabProps) {
  const { shown } = lane
  const { models } = useRoom()
  const phase = usePhase(shown)
  const waiting = useWaiting(shown)
  const now = useNow(phase === "retrying")
  const name = plain(shown.author.name)
  const slot = slotOf(shown.author.slot ?? models.get(shown.author.id)?.slot)
  const seconds = secondsUntil(waiting?.retryAt ?? null, now)
  return (
    <button type="button" role="tab" aria-selected={isOn} tabIndex={isOn ? 0 : -1} className={cn("lane-tab", hueClass(slot))} onClick={onSelect}>
      <span className={cn("lane-rule", `rule-${ruleOf(phase)}`)} />
      {hasLetter && <Letter>{letterOf(lane.index)}</Letter>}
      <Glyph slot={slot} name={name} />
      <span className={isNarrow ? "sr-only" : "cut"} title={name}>{shortName ?? name}</span>
      {phase === "done" && !isNarrow && <CheckCircleIcon size={15} className="text-ink-3" aria-label="finished" />}
      {phase === "writing" && !isNarrow && <LiveBars slots={[slot]} />}
      {phase === "retrying" && <span className={isNarrow ? "sr-only" : "num shrink-0 text-small text-warn"}>{seconds ? shortWait(seconds) : "again"}</span>}
      {(phase === "failed" || phase === "broken") && (
        <span className={cn(isNarrow ? "sr-only" : "shrink-0 text-small", !shown.body && "text-danger")}>{shown.body ? "broke off" : "no answer"}</span>
      )}
    </button>
  )
}
