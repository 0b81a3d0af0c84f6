/** What events do to a turn that is going on. Pure; the rules are `docs/protocol.md` 6, "Deltas" and "The end". */

import { skipCodePoints } from "@/lib/code-points"
import type { Message, TurnDelta, TurnFinished, TurnReasoning, TurnReset, TurnStarted, TurnWaiting } from "@/lib/protocol"
import { drop, put, type RoomState, type TurnText } from "@/lib/room-state"

type TurnEvent = TurnStarted | TurnWaiting | TurnDelta | TurnReasoning | TurnReset | TurnFinished

/** A turn of another branch, or one that is over, is not ours to follow: its events change nothing. */
export function reduceTurn(state: RoomState, event: TurnEvent, now: number): RoomState {
  const turn = state.turns.get(event.turn_id)
  if (!turn || event.attempt < turn.attempt) return state
  switch (event.type) {
    case "turn.started":
      return started(state, begin(turn, event.attempt), now)
    case "turn.waiting":
      return waiting(state, begin(turn, event.attempt), event)
    case "turn.delta":
      return delta(state, begin(turn, event.attempt), event, now)
    case "turn.reasoning":
      return reasoning(state, begin(turn, event.attempt), event)
    case "turn.reset":
      return event.attempt > turn.attempt ? reset(state, turn, event) : state
    case "turn.finished":
      return finished(state, begin(turn, event.attempt), event)
  }
}

/** A higher attempt begins anew with no words. */
function begin(turn: TurnText, attempt: number): TurnText {
  if (attempt === turn.attempt) return turn
  return { ...turn, attempt, text: "", next: 0, reasoning: "", reasoningNext: 0, waiting: null, askedAt: null, firstWordAt: null, seenFrom: 0 }
}

function withTurn(state: RoomState, turn: TurnText, change?: (message: Message) => Message): RoomState {
  const turns = put(state.turns, turn.turnId, turn)
  const message = state.view.messages.get(turn.messageId)
  const changed = message && change?.(message)
  if (!changed || changed === message) return { ...state, turns }
  return { ...state, turns, view: { ...state.view, messages: put(state.view.messages, changed.id, changed) } }
}

function inState(name: Message["state"]): (message: Message) => Message {
  return (message) => (message.state === name ? message : { ...message, state: name })
}

function started(state: RoomState, turn: TurnText, now: number): RoomState {
  return withTurn(state, { ...turn, waiting: null, askedAt: turn.askedAt ?? now }, inState("streaming"))
}

function waiting(state: RoomState, turn: TurnText, event: TurnWaiting): RoomState {
  const { why, position = 0, limit = 0, retry_at: retryAt = null, error = null } = event
  const next = { ...turn, waiting: { why, position, limit, retryAt, error }, askedAt: null }
  return withTurn(state, next, inState(why === "queue" ? "queued" : "waiting"))
}

function delta(state: RoomState, turn: TurnText, event: TurnDelta, now: number): RoomState {
  if (event.at > turn.next) return { ...state, lost: "reset" }
  const end = event.at + event.n
  if (end <= turn.next) return state
  const text = turn.text + skipCodePoints(event.text, turn.next - event.at)
  const firstWordAt = turn.firstWordAt ?? (turn.seenFrom === 0 ? now : null)
  return withTurn(state, { ...turn, text, next: end, waiting: null, firstWordAt }, inState("streaming"))
}

function reasoning(state: RoomState, turn: TurnText, event: TurnReasoning): RoomState {
  if (event.at > turn.reasoningNext) return { ...state, lost: "reset" }
  const end = event.at + event.n
  if (end <= turn.reasoningNext) return state
  const text = turn.reasoning + skipCodePoints(event.text, turn.reasoningNext - event.at)
  return withTurn(state, { ...turn, reasoning: text, reasoningNext: end, waiting: null }, inState("streaming"))
}

function reset(state: RoomState, turn: TurnText, event: TurnReset): RoomState {
  return withTurn(state, begin(turn, event.attempt), (message) => {
    const before = (message.meta.earlier_attempts ?? []).filter((one) => one.attempt !== event.earlier.attempt)
    return { ...message, state: "streaming", meta: { ...message.meta, earlier_attempts: [...before, event.earlier] } }
  })
}

/** The words become the message's body. Words that are too few or too many are not: the room is joined anew. */
function finished(state: RoomState, turn: TurnText, event: TurnFinished): RoomState {
  if (turn.next !== event.length) return { ...state, lost: "reset" }
  const next = withTurn(state, turn, (message) => {
    const earlier = event.meta.earlier_attempts ?? message.meta.earlier_attempts
    const meta = earlier ? { ...event.meta, earlier_attempts: earlier } : event.meta
    return { ...message, state: event.state, body: turn.text, meta }
  })
  return { ...next, turns: drop(next.turns, turn.turnId) }
}
