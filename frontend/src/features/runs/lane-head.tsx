import { StopIcon } from "@solar-icons/react/bold/stop"

import { useRoom } from "@/features/conversation/room-context"
import { stopTurn } from "@/features/conversation/actions"
import { doneWord, type Phase, placeInLine, secondsUntil, shortWait } from "@/features/runs/lane-look"
import { type Lane, letterOf } from "@/features/runs/lanes-of"
import { useAskedAt, useWaiting } from "@/features/runs/use-answer"
import { Glyph } from "@/components/ui/glyph"
import { IconButton } from "@/components/ui/icon-button"
import { Letter } from "@/components/ui/letter"
import type { Message } from "@/lib/protocol"
import { useJustOff, useNow } from "@/lib/use-now"

const SAYS_FINISHED_MS = 4_000

export function LaneHead({ lane, phase, name, slot }: { lane: Lane; phase: Phase; name: string; slot: number }) {
  return (
    <header className="lane-head">
      <Letter>{letterOf(lane.index)}</Letter>
      <Glyph slot={slot} name={name} />
      <h4 className="cut font-semibold" title={name}>
        {name}
      </h4>
      <span className="grow" />
      <LaneState message={lane.shown} phase={phase} name={name} />
    </header>
  )
}

/** Right of the name: one word about the state, or the way to stop it. */
export function LaneState({ message, phase, name }: { message: Message; phase: Phase; name: string }) {
  const { canWrite } = useRoom()
  const waiting = useWaiting(message)
  const hasEnded = useJustOff(phase === "writing", SAYS_FINISHED_MS)
  switch (phase) {
    case "queued":
      return <span className="lane-state">{placeInLine(waiting?.position ?? 1)}</span>
    case "asked":
    case "thinking":
      return <Seconds message={message} />
    case "writing":
      return canWrite && message.turn_id ? <StopButton turnId={message.turn_id} name={name} /> : null
    case "retrying":
      return <Again retryAt={waiting?.retryAt ?? null} />
    case "done":
      return hasEnded || (message.meta.attempt ?? 1) > 1 ? <span className="lane-state">{doneWord(message)}</span> : null
    case "stopped":
      return <span className="lane-state">{message.meta.stopped_by ? `stopped by ${message.meta.stopped_by}` : "stopped"}</span>
    case "failed":
      return message.body ? <span className="lane-state">broke off</span> : <span className="lane-state text-danger">not answered</span>
    case "broken":
      return <span className="lane-state">broke off</span>
    case "deleted":
      return null
  }
}

function StopButton({ turnId, name }: { turnId: string; name: string }) {
  return (
    <IconButton label={`Stop ${name}`} onClick={() => stopTurn(turnId)} className="-my-2 -mr-[9px] text-ink-3">
      <StopIcon size={12} />
    </IconButton>
  )
}

/** How long it has been asked, from one second on. */
function Seconds({ message }: { message: Message }) {
  const askedAt = useAskedAt(message)
  const now = useNow(askedAt !== null)
  const seconds = askedAt === null ? 0 : (now - askedAt) / 1000
  return seconds >= 1 ? <span className="lane-state num">{Math.floor(seconds)} s</span> : null
}

function Again({ retryAt }: { retryAt: string | null }) {
  const now = useNow(retryAt !== null)
  const seconds = secondsUntil(retryAt, now)
  return <span className="lane-state num text-warn">{seconds === null || seconds === 0 ? "trying again" : `again in ${shortWait(seconds)}`}</span>
}
