/** The rooms of the pictures, as the server would tell them: the harbour's threads, their people and models. */

import type { AnyEvent, LiveTurn, MemberView, Message, Meta, RunView, ThreadDetail } from "@/lib/protocol"
import type { ModelView } from "@/lib/types"
import { branch, live, PROJECT, snapshot, thread } from "@/testing/make"
import type { Scene } from "@/testing/stage-server"

const DAY = "2025-11-21T"
export const at = (clock: string, day = DAY): string => new Date(`${day}${clock}:00`).toISOString()

export const PEOPLE = ["Alice", "Bob", "Carol", "Dilan", "Eira"].map((name) => ({ id: name.toLowerCase(), name }))
const person = (name: string) => ({ kind: "person" as const, id: name.toLowerCase(), name })

function model(slot: number, name: string, change: Partial<ModelView> = {}): ModelView {
  return {
    model_id: `m:${slot}`, name, provider: "x", provider_name: "X", where: "remote", note: "", is_demo: false, slot, context_tokens: 200_000, price_in: 3, price_out: 15,
    is_offered: true, state: "ok", state_note: "", state_since: null, ...change,
  }
}
export const MODELS: readonly ModelView[] = [
  model(1, "GPT-5.1", { context_tokens: 400_000, price_in: 1.25, price_out: 10 }),
  model(2, "Claude Sonnet 4.5"),
  model(3, "Gemini 3 Pro", { context_tokens: 1_000_000, price_in: 2, price_out: 12, state: "at_limit", state_note: "Gemini is at its limit for this minute." }),
  model(7, "Mistral Large 3", { context_tokens: 128_000, price_in: 2, price_out: 6 }),
  model(5, "Qwen3 32B", { where: "this server", context_tokens: 32_000, price_in: 0, price_out: 0 }),
  model(4, "SmolLM2", { where: "this server", context_tokens: 8_000, price_in: 0, price_out: 0, is_demo: true, note: "a small demo model: quick, and often wrong" }),
]
const nameOf = (slot: number) => MODELS.find((one) => one.slot === slot)?.name ?? `Model ${slot}`

interface Saying {
  by?: string
  at?: string
  change?: Partial<Message>
}

export class SceneMaker {
  private readonly id: string
  private readonly title: string
  private seq = 0
  readonly messages: Message[] = []
  readonly live: LiveTurn[] = []
  readonly events: AnyEvent[] = []
  readonly runs: RunView[] = []
  older: Message[] = []
  lineUp = [1, 2, 3]
  readSeq: number | null = null
  canWrite = true
  private here = ["Alice", "Bob", "Carol"]

  constructor(id: string, title: string) {
    this.id = id
    this.title = title
  }

  present(...names: string[]): this {
    this.here = names
    return this
  }

  private base(body: string, { by = "Alice", at: when = at("14:32"), change = {} }: Saying): Message {
    return {
      id: `${this.id}-${this.seq}-${change.variant ?? 0}`, thread_id: this.id, branch_id: `${this.id}-main`, seq: this.seq, variant: 0, author: person(by), body,
      state: "complete", created_at: when, meta: {}, ...change,
    }
  }

  say(body: string, saying: Saying = {}): this {
    this.seq += 1
    this.messages.push(this.base(body, saying))
    return this
  }

  ask(body: string, slots: number[], saying: Saying = {}, meta: Meta = {}): this {
    this.seq += 1
    const asked = slots.map((slot) => `m:${slot}`)
    this.messages.push(this.base(body, { ...saying, change: { run_id: `${this.id}-run-${this.seq}`, meta: { asked, run_kind: "fan_out", visibility: "isolated", ...meta }, ...saying.change } }))
    return this
  }

  /** The answers of the last question, one place: call `answer` for each lane. */
  get place(): { answer: (slot: number, body: string, meta?: Meta, change?: Partial<Message>) => void; write: (slot: number, body: string, change?: Partial<LiveTurn>, message?: Partial<Message>) => string } {
    this.seq += 1
    let lane = 0
    const runId = `${this.id}-run-${this.seq - 1}`
    const make = (slot: number, body: string, meta: Meta, change: Partial<Message>) => {
      const { lane: given = lane, variant = lane } = change
      lane = Math.max(lane, given + 1)
      const author = { kind: "model" as const, id: `m:${slot}`, name: nameOf(slot), slot }
      return this.base(body, { change: { author, variant, lane: given, run_id: runId, turn_id: `${this.id}-turn-${this.seq}-${variant}`, meta: { model_id: `m:${slot}`, run_kind: "fan_out", ...meta }, ...change } })
    }
    return {
      answer: (slot, body, meta = {}, change = {}) => void this.messages.push(make(slot, body, meta, change)),
      write: (slot, body, change = {}, message = {}) => {
        const written = make(slot, body, {}, { state: "streaming", ...message })
        this.live.push(live(written, change))
        return written.turn_id ?? ""
      },
    }
  }

  /** A turn of a talk: a place of its own. */
  turn(slot: number, round: number, body: string, when: string, meta: Meta = {}, isLive = false): this {
    this.seq += 1
    const author = { kind: "model" as const, id: `m:${slot}`, name: nameOf(slot), slot }
    const message = this.base(body, { at: when, change: { author, run_id: `${this.id}-talk`, turn_id: `${this.id}-turn-${this.seq}`, meta: { model_id: `m:${slot}`, run_kind: "in_turn", round, ...meta }, ...(isLive && { state: "streaming" }) } })
    if (isLive) this.live.push(live(message))
    else this.messages.push(message)
    return this
  }

  then(...events: AnyEvent[]): this {
    this.events.push(...events)
    return this
  }

  make(): Scene {
    const main = `${this.id}-main`
    const view = thread({ id: this.id, title: this.title, main_branch_id: main, head_seq: this.seq, line_up: this.lineUp.map((slot) => `m:${slot}`) })
    const branches = [branch({ id: main, thread_id: this.id, head_seq: this.seq })]
    const people = this.here.map((name) => ({ id: name.toLowerCase(), name }))
    const detail: ThreadDetail = {
      thread: view, branches, people: [], read_seq: this.readSeq ?? this.seq, read_at: this.readSeq === null ? null : new Date(Date.now() - 86_400_000).toISOString(), can_write: this.canWrite, can_manage: true,
    }
    const members: MemberView[] = PEOPLE.map(({ id, name }) => ({ user_id: id, name, role: name === "Carol" ? "owner" : "member", joined_at: at("09:00") }))
    return {
      me: { id: "alice", name: "Alice", email: "alice@example.org", is_staff: true, preferences: {} },
      project: { id: PROJECT, name: "Ferryline", about: "", role: "owner", permissions: ["read", "write", "manage_models", "manage_people"], created_at: at("09:00"), archived_at: null, deleted_at: null, has_news: false },
      members,
      models: [...MODELS],
      detail,
      snapshot: snapshot({ thread: view, branch: branches[0] ?? branch(), messages: this.messages, has_more: this.older.length > 0, live: this.live, runs: this.runs, present: people }),
      events: this.events,
      older: this.older,
    }
  }
}
