/**
 * What stands below what in a conversation: messages, questions with their lanes, and the lines of time between
 * them. Pure: a room's view and this person's own unsent words give the rows.
 */

import { type Lane, lanesOf } from "@/features/runs/lanes-of"
import type { Outgoing } from "@/lib/outgoing"
import { askedOf, isByModel, isOpen, type Message, runKindOf, type RunView } from "@/lib/protocol"
import { segmentWith } from "@/lib/room-pages"
import type { RoomView, Segment } from "@/lib/room-state"

interface Base {
  key: string
  /** The place it belongs to; lines belong to the row under them. */
  seq: number
}
interface DayRow extends Base {
  kind: "day"
  at: string
}
interface UnreadRow extends Base {
  kind: "unread"
  count: number
  since: string | null
}
interface RoundRow extends Base {
  kind: "round"
  round: number
}
export interface SayRow extends Base {
  kind: "say"
  message: Message
  /** Said by the same person within five minutes: name and avatar are dropped. */
  isMore: boolean
  /** The next row is more of the same. */
  hasMore: boolean
  /** The lane of a single answer, for its siblings. */
  lane: Lane | null
  /** An answer to a question that stands as a headline: larger, with its foot always there. */
  isAnswer: boolean
  /** Said while models spoke in turn: whose turn it went in before. */
  before: string | null
}
export interface AskRow extends Base {
  kind: "ask"
  /** Null where only its answers are known. */
  question: Message | null
  lanes: readonly Lane[]
  run: RunView | null
  /** No rule above: it begins the conversation, or stands under a line already. */
  hasRule: boolean
}
interface NextRow extends Base {
  kind: "next"
  run: RunView
}
export interface EndedRow extends Base {
  kind: "ended"
  run: RunView
}
export interface OutgoingRow extends Base {
  kind: "outgoing"
  outgoing: Outgoing
}
export type Row = DayRow | UnreadRow | RoundRow | SayRow | AskRow | NextRow | EndedRow | OutgoingRow

export interface RowsInput {
  view: Pick<RoomView, "messages" | "segments" | "choices" | "runs">
  /** Which run of places is looked at: the one that holds this place. */
  anchor: number
  outgoing: readonly Outgoing[]
  /** What was new when the thread was opened: after which place, how many. */
  unread: { seq: number; at: string | null; myId: string; count: number } | null
}

export interface Rows {
  rows: readonly Row[]
  segment: Segment | null
}

const TOGETHER_MS = 5 * 60_000

export function makeRows({ view, anchor, outgoing, unread }: RowsInput): Rows {
  const segment = segmentWith(view.segments, anchor) ?? null
  if (!segment) return { rows: [], segment }
  const places = placesOf(view, segment)
  const builder = new Builder(view, outgoing, unread, segment.from > 0)
  for (let index = 0; index < places.length; index++) index += builder.place(places, index)
  if (segment.to === Infinity) builder.end()
  return { rows: builder.rows, segment }
}

interface Place {
  seq: number
  messages: Message[]
}

function placesOf(view: RowsInput["view"], segment: Segment): Place[] {
  const places = new Map<number, Message[]>()
  for (const message of view.messages.values()) {
    if (message.seq < segment.from || message.seq > segment.to) continue
    const there = places.get(message.seq)
    if (there) there.push(message)
    else places.set(message.seq, [message])
  }
  return [...places.entries()].sort(([a], [b]) => a - b).map(([seq, messages]) => ({ seq, messages: messages.sort((a, b) => a.variant - b.variant) }))
}

class Builder {
  readonly rows: Row[] = []
  private readonly view: RowsInput["view"]
  private readonly outgoing: Outgoing[]
  private readonly unread: RowsInput["unread"]
  private readonly hasMore: boolean
  private lastDay = ""
  private isUnreadSet = false
  private round = ""
  private lastTurn: Message | null = null

  constructor(view: RowsInput["view"], outgoing: readonly Outgoing[], unread: RowsInput["unread"], hasMore: boolean) {
    this.view = view
    this.outgoing = [...outgoing]
    this.unread = unread
    this.hasMore = hasMore
  }

  /** Add the rows of a place, and say how many further places they took. */
  place(places: readonly Place[], index: number): number {
    const here = places[index]
    const message = here?.messages[0]
    if (!here || !message) return 0
    this.written(here.seq)
    // Answers whose question is on the page before this one wait until that is here.
    if (isByModel(message) && runKindOf(message) !== "in_turn" && index === 0 && this.hasMore) return 0
    this.lines(message)
    if (isByModel(message)) {
      this.answers(here)
      return 0
    }
    const next = places[index + 1]
    if (isQuestion(message)) return this.ask(message, here, next)
    this.said(message, places.slice(index + 1))
    return 0
  }

  /** What this person wrote and the server does not have yet stands where it was written. */
  private written(before: number): void {
    while (this.outgoing[0] && this.outgoing[0].state === "refused" && this.outgoing[0].after_seq < before) {
      const one = this.outgoing.shift()
      if (one) this.rows.push({ kind: "outgoing", key: one.client_id, seq: one.after_seq, outgoing: one })
    }
  }

  end(): void {
    const last = this.lastTurn
    const run = last?.run_id ? this.view.runs.get(last.run_id) : undefined
    if (run?.kind === "in_turn" && run.state === "running" && run.next_model_id) this.rows.push({ kind: "next", key: `next-${run.id}`, seq: last?.seq ?? 0, run })
    this.endOfRun(null)
    for (const one of this.outgoing) this.rows.push({ kind: "outgoing", key: one.client_id, seq: one.after_seq, outgoing: one })
  }

  /** Day, then unread, above whatever stands here. */
  private lines(message: Message): void {
    const { seq, created_at: at } = message
    const day = new Date(at).toDateString()
    const isFirst = this.lastDay === ""
    if (day !== this.lastDay && !(isFirst && (this.hasMore || day === new Date().toDateString()))) {
      this.rows.push({ kind: "day", key: `day-${seq}`, seq, at })
    }
    this.lastDay = day
    if (!this.unread || this.isUnreadSet || seq <= this.unread.seq || message.author.id === this.unread.myId) return
    this.isUnreadSet = true
    if (isFirst && this.hasMore) return
    this.rows.push({ kind: "unread", key: `unread-${seq}`, seq, count: this.unread.count, since: this.unread.at })
  }

  private ask(question: Message, here: Place, next: Place | undefined): number {
    this.endOfRun(question.run_id ?? null)
    const run = (question.run_id ? this.view.runs.get(question.run_id) : undefined) ?? null
    const key = `place-${here.seq}`
    if (runKindOf(question) === "in_turn") {
      this.rows.push({ kind: "ask", key, seq: here.seq, question, lanes: [], run, hasRule: this.hasRule() })
      this.round = ""
      return 0
    }
    const isAnswered = next?.messages.some((one) => isByModel(one) && runKindOf(one) !== "in_turn" && (!question.run_id || !one.run_id || one.run_id === question.run_id))
    const lanes = next && isAnswered ? lanesOf(next.messages, this.view.choices) : []
    const isAside = askedOf(question).length === 1 && namesModel(question.body)
    if (isAside) this.pushSay(question, { isAnswer: false, lane: null, before: null })
    else this.rows.push({ kind: "ask", key, seq: here.seq, question, lanes: lanes.length > 1 ? lanes : [], run, hasRule: this.hasRule() })
    const single = lanes.length === 1 ? lanes[0] : undefined
    if (single) this.pushSay(single.shown, { isAnswer: !isAside, lane: single, before: null })
    return lanes.length ? 1 : 0
  }

  private hasRule(): boolean {
    const above = this.rows.at(-1)
    return above !== undefined && above.kind !== "day" && above.kind !== "unread"
  }

  private answers(here: Place): void {
    const lanes = lanesOf(here.messages, this.view.choices)
    const first = lanes[0]
    if (!first) return
    const { shown } = first
    if (runKindOf(shown) !== "in_turn") {
      if (lanes.length > 1) this.rows.push({ kind: "ask", key: `place-${here.seq}`, seq: here.seq, question: null, lanes, run: null, hasRule: this.hasRule() })
      else this.pushSay(shown, { isAnswer: true, lane: first, before: null })
      return
    }
    this.endOfRun(shown.run_id ?? null)
    const round = `${shown.run_id ?? ""}/${shown.meta.round ?? 0}`
    if (round !== this.round && shown.meta.round) this.rows.push({ kind: "round", key: `round-${here.seq}`, seq: here.seq, round: shown.meta.round })
    this.round = round
    this.lastTurn = shown
    this.pushSay(shown, { isAnswer: false, lane: first, before: null })
  }

  private said(message: Message, later: readonly Place[]): void {
    const run = this.lastTurn?.run_id
    const turn = run ? later.flatMap((place) => place.messages).find((one) => one.run_id === run && isByModel(one)) : undefined
    const live = run ? this.view.runs.get(run) : undefined
    const isDuring = turn !== undefined || live?.state === "running"
    if (!isDuring) this.endOfRun(null)
    this.pushSay(message, { isAnswer: false, lane: null, before: turn?.author.name ?? null })
  }

  /** The reason why models ceased to speak in turn stands under their last turn. */
  private endOfRun(following: string | null): void {
    const last = this.lastTurn
    if (!last || last.run_id === following) return
    const run = last.run_id ? this.view.runs.get(last.run_id) : undefined
    if (run && run.state === "running") return
    this.lastTurn = null
    if (run && !isOpen(last)) this.rows.push({ kind: "ended", key: `ended-${run.id}`, seq: last.seq, run })
  }

  private pushSay(message: Message, more: Pick<SayRow, "lane" | "isAnswer" | "before">): void {
    const above = this.rows.at(-1)
    const isMore =
      above?.kind === "say" &&
      message.author.kind === "person" &&
      above.message.author.kind === "person" &&
      above.message.author.id === message.author.id &&
      message.state !== "deleted" &&
      above.message.state !== "deleted" &&
      message.reply_to == null &&
      more.before === null &&
      Date.parse(message.created_at) - Date.parse(above.message.created_at) < TOGETHER_MS
    if (isMore) this.rows[this.rows.length - 1] = { ...above, hasMore: true }
    this.rows.push({ kind: "say", key: `place-${message.seq}`, seq: message.seq, message, isMore, hasMore: false, ...more })
  }
}

function isQuestion(message: Message): boolean {
  return message.state !== "deleted" && askedOf(message).length > 0
}

/** Addressed to one model by name, in passing: it stays an ordinary row. */
function namesModel(body: string): boolean {
  return /(^|\s)@\S/.test(body)
}
