/**
 * The room's rules, pure: a state and a frame give the next state. Nothing here asks the server or knows React.
 * `docs/protocol.md` 5 and 6 are the rules in words; `lost` says that the room must be joined again.
 */

import { isOnPath, pathOf } from "@/lib/branch-path"
import { reduceTurn } from "@/lib/room-turns"
import { type AnyEvent, type BranchView, type ChoiceView, type Events, isOpen, type Joined, type LiveTurn, type Message, revisionOf } from "@/lib/protocol"
import { segmentWith } from "@/lib/room-pages"
import { choiceKey, drop, emptyRoom, put, type RoomState, type RoomView, type TurnText } from "@/lib/room-state"

/** Apply a frame of events by the cursor rules; `now` is this machine's clock in ms. */
export function applyEvents(state: RoomState, frame: Events, now: number): RoomState {
  const { cursor } = state
  if (!cursor) return state
  if (frame.epoch !== cursor.epoch) return { ...state, lost: "reset" }
  if (frame.last <= cursor.offset) return state
  if (frame.first !== cursor.offset + 1) return { ...state, lost: "gap" }
  let next = state
  for (const event of frame.events) {
    next = applyEvent(next, event, now)
    if (next.lost) return next
  }
  return { ...next, cursor: { epoch: frame.epoch, offset: frame.last } }
}

/** Answer a join: keep what there is when the server recovered it, else begin from its snapshot. */
export function applyJoined(state: RoomState, frame: Joined): RoomState {
  if (frame.recovered) return { ...state, lost: null }
  const { snapshot } = frame
  if (!snapshot) return { ...state, lost: "reset" }
  const empty = emptyRoom(state.view.threadId, snapshot.branch.id)
  const branches = put(state.view.branches, snapshot.branch.id, snapshot.branch)
  const path = pathOf(branches, snapshot.branch.id)
  const live = snapshot.live.filter(({ message }) => isOnPath(path, message.branch_id, message.seq))
  const messages = [...snapshot.messages, ...live.map((turn) => turn.message)]
  const first = Math.min(...snapshot.messages.map((message) => message.seq))
  const turns = live.map((turn): [string, TurnText] => [
    turn.message.turn_id ?? turn.message.id,
    {
      turnId: turn.message.turn_id ?? turn.message.id,
      messageId: turn.message.id,
      attempt: turn.attempt,
      text: turn.message.body,
      next: turn.at,
      reasoning: turn.message.meta.reasoning ?? "",
      reasoningNext: turn.reasoning_at,
      waiting: waitingOf(turn),
      askedAt: null,
      firstWordAt: null,
      seenFrom: turn.at,
    },
  ])
  return {
    view: {
      ...empty.view,
      isLoaded: true,
      thread: snapshot.thread,
      branches,
      messages: new Map(messages.map((message) => [message.id, message])),
      segments: [{ from: snapshot.has_more ? first : 0, to: Infinity }],
      runs: new Map(snapshot.runs.map((run) => [run.id, run])),
      choices: new Map(snapshot.choices.map((choice) => [choiceKey(choice.seq, choice.lane, choice.is_own), choice])),
      present: snapshot.present,
    },
    turns: new Map(turns),
    cursor: { epoch: frame.epoch, offset: frame.offset },
    lost: null,
  }
}

function waitingOf({ message, position, limit, retry_at: retryAt }: LiveTurn): TurnText["waiting"] {
  if (message.state === "waiting" || retryAt) {
    return { why: "retry", position: 0, limit: 0, retryAt, error: message.meta.error ?? null }
  }
  return position > 0 ? { why: "queue", position, limit, retryAt: null, error: null } : null
}

function withView(state: RoomState, change: Partial<RoomView>): RoomState {
  return { ...state, view: { ...state.view, ...change } }
}

function applyEvent(state: RoomState, event: AnyEvent, now: number): RoomState {
  switch (event.type) {
    case "message.created":
      return createMessage(state, event.message)
    case "message.edited":
    case "message.deleted":
      return replaceMessage(state, event.message)
    case "turn.started":
    case "turn.waiting":
    case "turn.delta":
    case "turn.reasoning":
    case "turn.reset":
    case "turn.finished":
      return reduceTurn(state, event, now)
    case "run.changed":
      return withView(state, { runs: put(state.view.runs, event.run.id, event.run) })
    case "choice.changed":
      return withView(state, { choices: withChoice(state.view, event.choice) })
    case "branch.created":
    case "branch.changed":
      return learnBranches(state, [event.branch])
    case "thread.changed":
      return withView(state, { thread: grown(state.view.thread, event.thread) })
    case "presence.changed": {
      const others = state.view.present.filter((person) => person.id !== event.person.id)
      return withView(state, { present: event.is_here ? [...others, event.person] : others })
    }
    case "typing": {
      const typist = { person: event.person, until: now + event.for_ms }
      return withView(state, { typing: put(state.view.typing, event.person.id, typist) })
    }
    default:
      return state // member.changed is for lists; what a newer server says is not for us
  }
}

/** Announced twice it changes nothing: what has happened to the message since then stays. */
function createMessage(before: RoomState, message: Message): RoomState {
  const state = raiseHead(before, message)
  const { view } = state
  if (view.messages.has(message.id) || !isOnPath(pathOf(view.branches, view.branchId), message.branch_id, message.seq)) return state
  const typing = message.author.kind === "person" ? drop(view.typing, message.author.id) : view.typing
  const next = withView(state, { messages: put(view.messages, message.id, message), typing })
  if (!message.turn_id || !isOpen(message)) return next
  const turn: TurnText = {
    turnId: message.turn_id,
    messageId: message.id,
    attempt: 0,
    text: "",
    next: 0,
    reasoning: "",
    reasoningNext: 0,
    waiting: null,
    askedAt: null,
    firstWordAt: null,
    seenFrom: 0,
  }
  return { ...next, turns: put(state.turns, turn.turnId, turn) }
}

/** A branch is as long as the last place that was announced in it, whichever branch is looked at; a thread as its main branch. */
function raiseHead(state: RoomState, message: Message): RoomState {
  const { branches, thread } = state.view
  const branch = branches.get(message.branch_id)
  const change: Partial<RoomView> = {}
  if (branch && branch.head_seq < message.seq) change.branches = put(branches, branch.id, { ...branch, head_seq: message.seq })
  if (thread?.main_branch_id === message.branch_id && thread.head_seq < message.seq) change.thread = { ...thread, head_seq: message.seq }
  return change.branches || change.thread ? withView(state, change) : state
}

/** What is told stands, but for a head that was raised meanwhile. */
function grown<T extends { head_seq: number }>(known: T | null | undefined, told: T): T {
  return known && known.head_seq > told.head_seq ? { ...told, head_seq: known.head_seq } : told
}

/** A change may be told before the message itself, when who accepted that was slow to tell. */
function replaceMessage(state: RoomState, message: Message): RoomState {
  const { view } = state
  const known = view.messages.get(message.id)
  const isShown = known || (isOnPath(pathOf(view.branches, view.branchId), message.branch_id, message.seq) && segmentWith(view.segments, message.seq))
  if (!isShown || (known && revisionOf(known) > revisionOf(message))) return state
  return withView(state, { messages: put(view.messages, message.id, message) })
}

/** A choice of this branch, or one it inherits; the answer a branch was made from stays pinned in it. */
function withChoice(view: RoomView, choice: ChoiceView): RoomView["choices"] {
  const path = pathOf(view.branches, view.branchId)
  const isOurs = choice.branch_id === view.branchId
  const isPinned = path.some((range) => choice.seq === range.from - 1)
  if (!isOurs && (isPinned || !isOnPath(path, choice.branch_id, choice.seq))) return view.choices
  return put(view.choices, choiceKey(choice.seq, choice.lane, choice.is_own), choice)
}

/** Take a message the server was asked for as the truth: after a hash that did not fit. */
export function repairMessage(state: RoomState, message: Message): RoomState {
  if (!state.view.messages.has(message.id)) return state
  return withView(state, { messages: put(state.view.messages, message.id, message) })
}

/** Take in the thread's branches, which a room needs to know its path. */
export function learnBranches(state: RoomState, branches: readonly BranchView[]): RoomState {
  const known = new Map(state.view.branches)
  for (const branch of branches) known.set(branch.id, grown(known.get(branch.id), branch))
  return withView(state, { branches: known })
}

/** Forget who has ceased to type by now. */
export function forgetTypists(state: RoomState, now: number): RoomState {
  const typing = new Map([...state.view.typing].filter(([, typist]) => typist.until > now))
  return typing.size === state.view.typing.size ? state : withView(state, { typing })
}
