/**
 * History that was asked for, put beside what is known. A page is a run of places without a hole, so it makes
 * a segment; segments that touch become one. What events said of a message is newer than any page.
 */

import type { ChoiceView, Message } from "@/lib/protocol"
import { choiceKey, type RoomState, type Segment } from "@/lib/room-state"

export interface HistoryPage {
  messages: Message[]
  has_more: boolean
  choices: ChoiceView[]
}

/** Which way the page was asked for: places before `seq`, or after it. */
export interface PageAsked {
  way: "before" | "after"
  seq: number
}

/** Say which places a page covers; null when it is empty. */
export function segmentOf(page: HistoryPage, asked: PageAsked): Segment | null {
  const places = page.messages.map((message) => message.seq)
  if (asked.way === "before") {
    if (!page.has_more) return { from: 0, to: asked.seq - 1 }
    return places.length ? { from: Math.min(...places), to: asked.seq - 1 } : null
  }
  if (!page.has_more) return { from: asked.seq + 1, to: Infinity }
  return places.length ? { from: asked.seq + 1, to: Math.max(...places) } : null
}

/** Merge segments that touch or overlap, lowest first. */
export function mergeSegments(segments: readonly Segment[]): Segment[] {
  const merged: Segment[] = []
  for (const segment of [...segments].sort((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last && segment.from <= last.to + 1) merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, segment.to) }
    else merged.push(segment)
  }
  return merged
}

export function segmentWith(segments: readonly Segment[], seq: number): Segment | undefined {
  return segments.find((segment) => seq >= segment.from && seq <= segment.to)
}

export function applyPage(state: RoomState, page: HistoryPage, asked: PageAsked): RoomState {
  const segment = segmentOf(page, asked)
  const messages = new Map(page.messages.map((message): [string, Message] => [message.id, message]))
  for (const [id, message] of state.view.messages) messages.set(id, message)
  const choices = new Map(page.choices.map((one): [string, ChoiceView] => [choiceKey(one.seq, one.lane, one.is_own), one]))
  for (const [key, choice] of state.view.choices) choices.set(key, choice)
  const segments = segment ? mergeSegments([...state.view.segments, segment]) : state.view.segments
  return { ...state, view: { ...state.view, messages, choices, segments } }
}
