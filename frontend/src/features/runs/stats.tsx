import { bestOf, figuresOf, type FigureName, type Figures, firstWord, speedWords, tokenWords } from "@/features/runs/figures"
import { type Phase, triesWords, whyQueued } from "@/features/runs/lane-look"
import type { Lane } from "@/features/runs/lanes-of"
import { useFigures, useWaiting } from "@/features/runs/use-answer"
import { money } from "@/lib/format"
import { isOpen, type Message } from "@/lib/protocol"

export type Best = Partial<Record<FigureName, number>>

interface StatsProps {
  message: Message
  phase: Phase
  best: Best
}

/** The line of figures: always there, never loud. Where there are none yet it says why. */
export function Stats({ message, phase, best }: StatsProps) {
  const waiting = useWaiting(message)
  const figures = useFigures(message)
  return <div className="stats num">{noteOf(phase, message, waiting) ?? <FigureList figures={figures} best={best} hasSpeed={phase !== "stopped"} />}</div>
}

function noteOf(phase: Phase, message: Message, waiting: ReturnType<typeof useWaiting>): string | null {
  if (phase === "queued") return whyQueued(waiting)
  if (phase === "asked") return "asked, no word yet"
  if (phase === "thinking") return "thinking"
  if (phase === "retrying") return "stopped before its first word"
  if (phase === "failed" && !message.body) return triesWords(message)
  return null
}

export function FigureList({ figures, best, hasSpeed = true }: { figures: Figures; best: Best; hasSpeed?: boolean }) {
  const { firstMs, speed, cost } = figures
  const price = money(cost)
  const tokens = tokenWords(figures)
  return (
    <>
      {firstMs !== null && (
        <span>
          <b className={firstMs === best.firstMs ? "best" : undefined}>{firstWord(firstMs)}</b> first
        </span>
      )}{" "}
      {speed !== null && hasSpeed && <span className={speed === best.speed ? "best" : undefined}>{speedWords(speed)}</span>}{" "}
      {tokens && <span>{tokens}</span>}{" "}
      {price && <span className={cost === best.cost ? "best" : undefined}>{price}</span>}
    </>
  )
}

/** The figures of a message row, in one line: 0.71 s first · 66 tok/s · $0.031 */
export function RowFigures({ message }: { message: Message }) {
  const figures = useFigures(message)
  const { firstMs, speed, cost, isSoFar } = figures
  const words = [
    firstMs !== null && `${firstWord(firstMs)} first`,
    speed !== null && speedWords(speed),
    isSoFar && tokenWords(figures),
    money(cost),
  ].filter(Boolean)
  return <span className="num cut text-small text-ink-3">{words.join(" · ")}</span>
}

/** Find the best figures among the finished lanes of one question. */
export function bestOfLanes(lanes: readonly Lane[]): Best {
  return bestOf(lanes.filter((lane) => !isOpen(lane.shown)).map((lane) => figuresOf(lane.shown, undefined, 0)))
}
