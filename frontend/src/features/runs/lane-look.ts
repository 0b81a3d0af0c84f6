/** From what is known of an answer to what its lane shows: rule, word at the right, line of figures. Pure. */

import { inWords, plural, time } from "@/lib/format"
import type { Message, TurnError } from "@/lib/protocol"
import type { TurnText, Waiting } from "@/lib/room-state"

export type Phase = "queued" | "asked" | "thinking" | "writing" | "retrying" | "done" | "stopped" | "failed" | "broken" | "deleted"
export type Rule = "dotted" | "running" | "full" | "off"

const ORDINALS = ["", "next", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"]

/** What goes on in an answer; of a turn only what decides it, so that text alone changes nothing. */
export function phaseOf(message: Message, turn: TurnText | undefined): Phase {
  switch (message.state) {
    case "queued":
      return turn?.waiting?.why === "queue" && turn.waiting.position > 0 ? "queued" : "asked"
    case "waiting":
      return "retrying"
    case "streaming":
      if (turn?.text || (!turn && message.body)) return "writing"
      return turn?.reasoning ? "thinking" : "asked"
    case "complete":
      return "done"
    case "cancelled":
      return "stopped"
    case "failed":
      return "failed"
    case "interrupted":
      return "broken"
    case "deleted":
      return "deleted"
  }
}

export function ruleOf(phase: Phase): Rule {
  if (phase === "queued" || phase === "asked" || phase === "thinking" || phase === "retrying") return "dotted"
  if (phase === "writing") return "running"
  return phase === "done" ? "full" : "off"
}

/** third in line */
export function placeInLine(position: number): string {
  return `${ORDINALS[position] ?? `number ${position}`} in line`
}

/** four at once is this provider's limit */
export function whyQueued(waiting: Waiting | null): string {
  return waiting && waiting.limit > 0 ? `${inWords(waiting.limit)} at once is this provider’s limit` : "waits for its turn"
}

/** How long until a time, in whole seconds, never under nothing. */
export function secondsUntil(at: string | null, now: number): number | null {
  return at === null ? null : Math.max(0, Math.ceil((Date.parse(at) - now) / 1000))
}

/** 18 s, 2 min */
export function shortWait(seconds: number): string {
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}

/** finished, second try */
export function doneWord(message: Message): string {
  const tries = message.meta.attempt ?? 1
  return tries > 1 ? `finished, ${ORDINALS[tries] ?? `${tries}th`} try` : "finished"
}

/** after three tries, 14 s */
export function triesWords(message: Message): string {
  const tries = message.meta.attempt ?? 0
  const { duration_ms: ms } = message.meta
  const words = [tries > 1 ? plural(tries, "try", "tries") : "", ms && ms >= 50 ? `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s` : ""].filter(Boolean)
  return words.length ? `after ${words.join(", ")}` : "before its first word"
}

/** The first sentence stands out, the rest goes on in a calm voice. */
export function splitError(error: TurnError | null | undefined, name: string): { head: string; rest: string } {
  const text = error?.message.trim() || `${name} did not answer.`
  const end = /[.!?](?=\s|$)/.exec(text)
  return end ? { head: text.slice(0, end.index + 1), rest: text.slice(end.index + 1).trim() } : { head: text, rest: "" }
}

/** Said once by the live region, when it begins and when it is over. */
export function announcement(name: string, message: Message, turn: TurnText | undefined, now: number): string {
  switch (phaseOf(message, turn)) {
    case "retrying": {
      const seconds = secondsUntil(turn?.waiting?.retryAt ?? null, now)
      return seconds === null ? `${name} failed, tries again` : `${name} failed, tries again in ${plural(seconds, "second")}`
    }
    case "done": {
      const tokens = message.meta.tokens_out
      return tokens ? `${name} finished, ${tokens} tokens` : `${name} finished`
    }
    case "stopped":
      return `${name} was stopped`
    case "failed":
    case "broken":
      return `${name} did not answer`
    default:
      return `${name} is writing`
  }
}

/** cut off at 14:32, show */
export function cutOffWords(endedAt: string): string {
  return `cut off at ${time(endedAt)}`
}

