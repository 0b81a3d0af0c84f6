/**
 * A room's server in small: models write by chance, and it gives what the real one would, a numbered event for
 * each thing that happens and a snapshot of any moment. Tests compare what a client makes of the two.
 */

import { countCodePoints } from "@/lib/code-points"
import type { AnyEvent, LiveTurn, Message, Meta, Snapshot } from "@/lib/protocol"
import { answer, question, snapshot } from "@/testing/make"
import { cut, type seeded } from "@/testing/random"

const WORDS = "Let the database refuse 🪑 the **second** sale; `23505` 日本 é́ and\n\nthen, kindly, offer the next — ".repeat(3)

interface Writing {
  message: Message
  attempt: number
  pieces: string[]
  text: string
  /** Its place in the provider's queue, while it has not begun. */
  inLine?: { position: number; limit: number } | undefined
}

export class FakeRoom {
  readonly log: AnyEvent[] = []
  private readonly messages = new Map<string, Message>()
  private readonly writing = new Map<string, Writing>()
  private seq = 0
  private readonly random: ReturnType<typeof seeded>

  constructor(random: ReturnType<typeof seeded>) {
    this.random = random
  }

  /** One thing happens. */
  step(): void {
    const turn = this.writing.size ? this.random.pick([...this.writing.values()]) : null
    if (!turn || (this.writing.size < 4 && this.random.int(30) === 0)) { this.ask(); return; }
    const chance = this.random.int(40)
    if (chance === 0) { this.cutOff(turn); return; }
    if (chance === 1) { this.wait(turn); return; }
    if (!turn.pieces.length || chance === 2) { this.finish(turn); return; }
    this.write(turn)
  }

  snapshot(): Snapshot {
    const live = [...this.writing.values()].map((turn): LiveTurn => {
      const message = { ...turn.message, body: turn.text }
      return { message, attempt: turn.attempt, at: countCodePoints(turn.text), position: 0, limit: 0, retry_at: null, reasoning_at: 0, ...turn.inLine }
    })
    const open = new Set(live.map((one) => one.message.id))
    return snapshot({ messages: [...this.messages.values()].filter((one) => !open.has(one.id)), live })
  }

  private say(event: AnyEvent): void {
    this.log.push(event)
  }

  private ask(): void {
    const asked = ["m:1", "m:2"]
    const prompt = question(++this.seq, `Question ${this.seq}`, asked)
    this.messages.set(prompt.id, prompt)
    this.say({ type: "message.created", message: prompt })
    this.seq += 1
    asked.forEach((_, index) => {
      const message = answer(this.seq, index, "", { state: "queued", meta: {} })
      const words = WORDS.slice(0, 20 + this.random.int(WORDS.length - 20)).replace(/[\ud800-\udbff]$/, "")
      this.messages.set(message.id, message)
      this.writing.set(message.id, { message, attempt: 1, pieces: cut(words, this.random), text: "" })
      this.say({ type: "message.created", message })
    })
  }

  private set(turn: Writing, change: Partial<Message>): void {
    turn.message = { ...turn.message, ...change }
    this.messages.set(turn.message.id, turn.message)
  }

  private write(turn: Writing): void {
    const text = turn.pieces.shift() ?? ""
    this.say({ type: "turn.delta", turn_id: turnId(turn), attempt: turn.attempt, at: countCodePoints(turn.text), n: countCodePoints(text), text })
    turn.text += text
    turn.inLine = undefined
    this.set(turn, { state: "streaming" })
  }

  private wait(turn: Writing): void {
    if (turn.text) return
    this.say({ type: "turn.waiting", turn_id: turnId(turn), attempt: turn.attempt, why: "queue", position: 3, limit: 4 })
    this.set(turn, { state: "queued" })
    turn.inLine = { position: 3, limit: 4 }
  }

  private cutOff(turn: Writing): void {
    const earlier = { attempt: turn.attempt, text: turn.text, reason: "cut off", ended_at: turn.message.created_at }
    turn.attempt += 1
    turn.pieces = cut(`Again: ${turn.text}`, this.random)
    turn.text = ""
    turn.inLine = undefined
    this.set(turn, { state: "streaming", meta: { ...turn.message.meta, earlier_attempts: [...(turn.message.meta.earlier_attempts ?? []), earlier] } })
    this.say({ type: "turn.reset", turn_id: turnId(turn), attempt: turn.attempt, earlier })
  }

  private finish(turn: Writing): void {
    const earlier = turn.message.meta.earlier_attempts
    const meta: Meta = { model_id: turn.message.author.id, tokens_out: 7, ...(earlier && { earlier_attempts: earlier }) }
    this.set(turn, { state: "complete", body: turn.text, meta })
    this.writing.delete(turn.message.id)
    this.say({
      type: "turn.finished",
      turn_id: turnId(turn),
      message_id: turn.message.id,
      attempt: turn.attempt,
      state: "complete",
      length: countCodePoints(turn.text),
      meta,
    })
  }
}

function turnId(turn: Writing): string {
  return turn.message.turn_id ?? ""
}

/** Merge neighbouring deltas of one turn, as the hub does for a reader who is behind. */
export function mergeDeltas(list: readonly AnyEvent[]): AnyEvent[] {
  const merged: AnyEvent[] = []
  for (const event of list) {
    const last = merged.at(-1)
    const isNext = last?.type === "turn.delta" && event.type === "turn.delta" && last.turn_id === event.turn_id && last.attempt === event.attempt
    if (isNext) merged[merged.length - 1] = { ...last, n: last.n + event.n, text: last.text + event.text }
    else merged.push(event)
  }
  return merged
}
