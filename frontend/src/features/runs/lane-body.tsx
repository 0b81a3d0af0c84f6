import { type ReactNode, useRef, useState } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { tryTurnNow } from "@/features/conversation/actions"
import { AskAnother, AskSame } from "@/features/runs/ask-another"
import { CutOff } from "@/features/runs/cut-off"
import { wordCount } from "@/features/runs/figures"
import { Folded } from "@/features/runs/folded"
import { type Phase, splitError } from "@/features/runs/lane-look"
import type { Lane } from "@/features/runs/lanes-of"
import { useAnswer, useWaiting, useWords } from "@/features/runs/use-answer"
import { Button } from "@/components/ui/button"
import { GrowingMarkdown } from "@/lib/markdown/growing-markdown"
import { plural } from "@/lib/format"
import { useInSight } from "@/lib/use-in-sight"
import { useQuiet } from "@/lib/use-now"
import type { Message } from "@/lib/protocol"

interface LaneBodyProps {
  lane: Lane
  phase: Phase
  name: string
  foldedTo: number
}

/** The words, or why there are none yet, or why there will be none and what can be done. */
export function LaneBody({ lane, phase, name, foldedTo }: LaneBodyProps) {
  const { shown } = lane
  switch (phase) {
    case "queued":
      return <p className="lane-calm">Starts by itself.</p>
    case "asked":
      return <span className="caret" />
    case "thinking":
      return <Thinking message={shown} />
    case "retrying":
      return <Retrying lane={lane} name={name} />
    case "deleted":
      return <p className="lane-calm text-ink-3">This answer was deleted.</p>
    default: // it writes, or is over: the same elements, so that nothing is drawn again when it ends
      return (
        <>
          {(phase === "writing" || hasWords(shown)) && (
            <Folded id={shown.id} foldedTo={foldedTo} isWriting={phase === "writing"}>
              <CutOff message={shown} />
              {shown.meta.reasoning && phase === "done" && <Reasoning text={shown.meta.reasoning} />}
              {(phase === "writing" || shown.body) && <Written key={shown.id} message={shown} />}
            </Folded>
          )}
          {phase === "stopped" && <AfterStop lane={lane} />}
          {phase === "failed" && <Failed lane={lane} name={name} />}
          {phase === "broken" && <Broken lane={lane} />}
        </>
      )
  }
}

function hasWords({ body, meta }: Message): boolean {
  return body !== "" || Boolean(meta.earlier_attempts?.length) || Boolean(meta.reasoning)
}

/** What it has written so far, or all of it. */
function Written({ message }: { message: Message }) {
  const end = useRef<HTMLSpanElement>(null)
  const words = useWords(message, useInSight(end))
  const isQuiet = useQuiet(words !== null, () => words?.lastAt() ?? 0)
  return (
    <>
      <GrowingMarkdown words={words} text={message.body} className={words && !isQuiet ? "is-arriving" : undefined} />
      {words && <span ref={end} className="block" />}
    </>
  )
}

/** One line of what the model thinks, the newest; it opens. */
function Thinking({ message }: { message: Message }) {
  const turn = useAnswer(message)
  const [isOpen, setIsOpen] = useState(false)
  const text = turn?.reasoning ?? ""
  return (
    <button type="button" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)} className="lane-thought">
      <span className={isOpen ? "whitespace-pre-wrap" : "line-clamp-2"}>{isOpen ? text : lastWords(text)}</span>
    </button>
  )
}

const SHOWN_THOUGHT = 110

function lastWords(text: string): string {
  const line = text.trim().replace(/\s+/g, " ")
  return line.length <= SHOWN_THOUGHT ? line : line.slice(line.indexOf(" ", line.length - SHOWN_THOUGHT) + 1)
}

function Reasoning({ text }: { text: string }) {
  const [isOpen, setIsOpen] = useState(false)
  return (
    <div className="mb-2">
      <button type="button" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)} className="text-small text-ink-3 hover:text-ink">
        {isOpen ? "Hide what it thought" : "What it thought"}
      </button>
      {isOpen && <p className="mt-1 text-[0.875rem] whitespace-pre-wrap text-ink-3">{text}</p>}
    </div>
  )
}

function Calm({ head, children }: { head: string; children?: ReactNode }) {
  return (
    <div className="lane-calm">
      <b>{head}</b>
      {children}
    </div>
  )
}

function Retrying({ lane, name }: { lane: Lane; name: string }) {
  const waiting = useWaiting(lane.shown)
  const { canWrite } = useRoom()
  const { head, rest } = splitError(waiting?.error, name)
  const turnId = lane.shown.turn_id
  return (
    <>
      <Calm head={head}>{rest || "It goes again by itself. The other lanes carry on without it."}</Calm>
      {waiting?.retryAt && <Countdown key={waiting.retryAt} until={waiting.retryAt} />}
      {canWrite && (
        <div className="flex flex-wrap items-center gap-2">
          {turnId && <Button onClick={() => tryTurnNow(turnId)}>Try now</Button>}
          <AskAnother lane={lane} look="quiet" />
        </div>
      )}
    </>
  )
}

/** A line that runs out: the browser moves it, nothing is drawn again. */
function Countdown({ until }: { until: string }) {
  const [ms] = useState(() => Math.max(0, Date.parse(until) - Date.now()))
  return (
    <div className="lane-countdown" role="img" aria-label="Time to the next try">
      <i style={{ animationDuration: `${ms}ms` }} />
    </div>
  )
}

function AfterStop({ lane }: { lane: Lane }) {
  const { canWrite } = useRoom()
  return canWrite ? <AskSame lane={lane} look="quiet" label="Start again" className="mt-2 -ml-2 self-start" /> : null
}

function Failed({ lane, name }: { lane: Lane; name: string }) {
  const { canWrite } = useRoom()
  const { error } = lane.shown.meta
  const { head, rest } = splitError(error, name)
  return (
    <>
      <Calm head={head}>{rest}</Calm>
      {error?.detail && (
        <details className="lane-details mt-1 text-small text-ink-3">
          <summary>Details</summary>
          <p className="mt-1 font-mono break-words whitespace-pre-wrap">{error.detail}</p>
        </details>
      )}
      {canWrite && (
        <div className="mt-2 flex flex-wrap items-center gap-2">
          <AskAnother lane={lane} look="plain" />
          {error?.retryable !== false && <AskSame lane={lane} look="quiet" label="Try again" />}
        </div>
      )}
    </>
  )
}

function Broken({ lane }: { lane: Lane }) {
  const { canWrite } = useRoom()
  const count = wordCount(lane.shown.body)
  return (
    <>
      <p className="lane-calm mt-2">
        {count > 0 ? `The answer broke off after ${plural(count, "word")}. The words are kept.` : "The answer broke off before its first word."}
      </p>
      {canWrite && <AskSame lane={lane} look="quiet" label="Start again" className="mt-1 -ml-2 self-start" />}
    </>
  )
}
