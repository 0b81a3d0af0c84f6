/** The answers of one place as lanes: one column for each model that was asked, its siblings behind it. Pure. */

import { type ChoiceView, laneOf, type Message } from "@/lib/protocol"
import { choiceKey } from "@/lib/room-state"

export interface Lane {
  /** Its number among the asked ones, from 0: the letter goes by it. */
  index: number
  lane: number
  seq: number
  /** Oldest first. */
  siblings: readonly Message[]
  shown: Message
  /** What the room has chosen, where that is another one than this person looks at. */
  roomShown: Message | null
}

type Choices = ReadonlyMap<string, ChoiceView>

/** Sort the variants of one place into lanes, in the order they were asked. */
export function lanesOf(variants: readonly Message[], choices: Choices): Lane[] {
  const byLane = new Map<number, Message[]>()
  for (const message of [...variants].sort((a, b) => a.variant - b.variant)) {
    const siblings = byLane.get(laneOf(message))
    if (siblings) siblings.push(message)
    else byLane.set(laneOf(message), [message])
  }
  return [...byLane.entries()].sort(([a], [b]) => a - b).map(([lane, siblings], index) => laneView(index, lane, siblings, choices))
}

function laneView(index: number, lane: number, siblings: readonly Message[], choices: Choices): Lane {
  const newest = siblings.at(-1)
  if (!newest) throw new Error("a lane has at least one answer")
  const { seq } = newest
  const chosen = (isOwn: boolean) => {
    const variant = (choices.get(choiceKey(seq, lane, isOwn)) ?? choices.get(choiceKey(seq, -1, isOwn)))?.variant
    return siblings.find((message) => message.variant === variant)
  }
  const room = chosen(false) ?? newest
  const own = chosen(true)
  const shown = own ?? room
  return { index, lane, seq, siblings, shown, roomShown: shown === room ? null : room }
}

export function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : String(index + 1)
}

/** For the narrow tabs: each name's first word, or, among names that begin alike, what tells them apart. */
export function shortNamesOf(names: readonly string[]): string[] {
  const words = names.map((name) => name.split(" "))
  return names.map((name, index) => {
    const mine = words[index] ?? []
    const alike = words.filter((others) => others[0] === mine[0])
    if (alike.length === 1) return mine[0] ?? name
    const shared = mine.findIndex((word, at) => alike.some((others) => others[at] !== word))
    const rest = mine.slice(shared).join(" ").replace(/^[^\p{L}\p{N}]+/u, "")
    return shared < 0 || rest === "" ? name : rest
  })
}

/** How many columns a room of this inner width holds: 300 px each and 28 between, at most four. */
export function capacityOf(inner: number): number {
  return Math.max(1, Math.min(4, Math.floor((inner + 28) / (300 + 28))))
}

export interface Layout {
  columns: number
  /** One lane at a time, with a glimpse of the next. */
  isPager: boolean
  /** Lines that a finished body keeps where there is more than one row; 0: all. */
  foldedTo: number
}

/** Say how so many lanes stand in a room that holds `capacity` columns. */
export function layoutOf(count: number, capacity: number): Layout {
  if (count <= 1) return { columns: 1, isPager: false, foldedTo: 0 }
  if (capacity < 2) return { columns: 1, isPager: true, foldedTo: 0 }
  const columns = columnsOf(count, capacity)
  const foldedTo = count <= 4 || columns >= count ? 0 : count >= 7 ? 6 : 12
  return { columns, isPager: false, foldedTo }
}

function columnsOf(count: number, capacity: number): number {
  if (count <= 3) return Math.min(count, capacity)
  if (count === 4) return capacity >= 4 ? 4 : 2
  if (count <= 6) return Math.min(3, capacity)
  return Math.min(4, capacity)
}
