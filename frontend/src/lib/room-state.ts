/**
 * What a tab knows of one room: plain frozen values, changed only by the pure functions of `room.ts` and
 * `room-pages.ts`. `view` changes when the structure does, `turns` with every piece of text, so that whoever
 * draws the structure is not woken by text.
 */

import type { BranchView, ChoiceView, Cursor, Message, PersonView, RunView, ThreadView, TurnError } from "@/lib/protocol"

/** A run of places that is known without a hole. The last one is open: `to` is Infinity. */
export interface Segment {
  from: number
  to: number
}

export interface Waiting {
  why: "queue" | "retry"
  position: number
  limit: number
  retryAt: string | null
  error: TurnError | null
}

/** A turn that is going on: whose attempt, the words so far, and where the next ones continue. */
export interface TurnText {
  turnId: string
  messageId: string
  attempt: number
  text: string
  next: number
  reasoning: string
  reasoningNext: number
  waiting: Waiting | null
  /** By this machine's clock; null when it happened before this tab came. */
  askedAt: number | null
  firstWordAt: number | null
  /** How many code points were there when this tab came: what its own clock cannot measure. */
  seenFrom: number
}

interface Typist {
  person: PersonView
  until: number
}

export interface RoomView {
  threadId: string
  branchId: string
  isLoaded: boolean
  /** It was taken away, or never was this person's. */
  isGone: boolean
  thread: ThreadView | null
  branches: ReadonlyMap<string, BranchView>
  messages: ReadonlyMap<string, Message>
  segments: readonly Segment[]
  runs: ReadonlyMap<string, RunView>
  choices: ReadonlyMap<string, ChoiceView>
  present: readonly PersonView[]
  typing: ReadonlyMap<string, Typist>
}

export interface RoomState {
  view: RoomView
  turns: ReadonlyMap<string, TurnText>
  cursor: Cursor | null
  /** Something is missing. gap: join again with the cursor; reset: without it. */
  lost: null | "gap" | "reset"
}

export function emptyRoom(threadId: string, branchId: string): RoomState {
  return {
    view: {
      threadId,
      branchId,
      isLoaded: false,
      isGone: false,
      thread: null,
      branches: new Map(),
      messages: new Map(),
      segments: [],
      runs: new Map(),
      choices: new Map(),
      present: [],
      typing: new Map(),
    },
    turns: new Map(),
    cursor: null,
    lost: null,
  }
}

export function choiceKey(seq: number, lane: number, isOwn: boolean): string {
  return `${seq}:${lane}:${isOwn ? "own" : "room"}`
}

/** Give a copy of the map with one entry more, or changed. */
export function put<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  const copy = new Map(map)
  copy.set(key, value)
  return copy
}

/** Give a copy of the map without one entry. */
export function drop<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map
  const copy = new Map(map)
  copy.delete(key)
  return copy
}
