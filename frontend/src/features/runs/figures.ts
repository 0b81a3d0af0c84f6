/** The numbers of an answer: how soon, how fast, how much, what it cost. Pure. */

import { countCodePoints } from "@/lib/code-points"
import { isOpen, type Message } from "@/lib/protocol"
import type { TurnText } from "@/lib/room-state"

export interface Figures {
  firstMs: number | null
  speed: number | null
  tokens: number | null
  /** Counted from the text, since nobody said how many there are. */
  isAbout: boolean
  isSoFar: boolean
  /** null: no price is known. */
  cost: number | null
}

export type FigureName = "firstMs" | "speed" | "cost"

/** Until the provider says how many tokens it was: about four code points each. */
const POINTS_PER_TOKEN = 4
const count = new Intl.NumberFormat("en")
/** A speed measured over less says little. */
const LEAST_MS = 400

export function figuresOf(message: Message, turn: TurnText | undefined, now: number): Figures {
  const { meta } = message
  if (turn && isOpen(message)) return soFar(message, turn, now)
  const tokens = meta.tokens_out ?? null
  const writingMs = (meta.duration_ms ?? 0) - (meta.first_token_ms ?? 0)
  return {
    firstMs: meta.first_token_ms ?? null,
    speed: tokens !== null && tokens > 1 && writingMs > 0 ? (tokens * 1000) / writingMs : null,
    tokens,
    isAbout: meta.is_estimate ?? false,
    isSoFar: false,
    cost: meta.cost_usd ?? null,
  }
}

function soFar(message: Message, turn: TurnText, now: number): Figures {
  const tokens = Math.ceil(turn.next / POINTS_PER_TOKEN)
  const writingMs = turn.firstWordAt === null ? 0 : now - turn.firstWordAt
  return {
    firstMs: message.meta.first_token_ms ?? (turn.askedAt !== null && turn.firstWordAt !== null ? turn.firstWordAt - turn.askedAt : null),
    speed: writingMs >= LEAST_MS ? (tokens * 1000) / writingMs : null,
    tokens: tokens || null,
    isAbout: true,
    isSoFar: true,
    cost: null,
  }
}

/** Find, for each kind of figure, the best among several answers; with one answer nothing is best. */
export function bestOf(all: readonly Figures[]): Partial<Record<FigureName, number>> {
  const best = (name: FigureName, choose: (...values: number[]) => number) => {
    const values = all.map((one) => one[name]).filter((value) => value !== null)
    return values.length > 1 && new Set(values).size > 1 ? { [name]: choose(...values) } : {}
  }
  return { ...best("firstMs", Math.min), ...best("speed", Math.max), ...best("cost", Math.min) }
}

export function firstWord(ms: number): string {
  return ms < 10_000 ? `${(Math.max(10, ms) / 1000).toFixed(2)} s` : `${(ms / 1000).toFixed(1)} s`
}

export function speedWords(perSecond: number): string {
  return `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)} tok/s`
}

export function tokenWords({ tokens, isAbout, isSoFar }: Figures): string | null {
  if (tokens === null) return null
  return `${isAbout ? "about " : ""}${count.format(tokens)} token${tokens === 1 ? "" : "s"}${isSoFar ? " so far" : ""}`
}

export function wordCount(text: string): number {
  // Languages without spaces: about two characters make a word.
  const words = text.trim().split(/\s+/).filter(Boolean)
  return words.length > 3 || countCodePoints(text) < 40 ? words.length : Math.round(countCodePoints(text) / 2)
}
