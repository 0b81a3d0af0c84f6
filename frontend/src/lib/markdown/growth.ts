/**
 * What came to a text since it was last drawn, if that is words at its end and nothing else: they can be put behind
 * those that stand there, without drawing anything again. Pure; where it is not sure it says no.
 */

import type { Token, Tokens } from "marked"

import { reveal } from "@/lib/markdown/safe"
import type { CodeToken, Shape } from "@/lib/markdown/stream"

export interface Added {
  /** The words at the end as they were drawn. */
  before: string
  words: string
}

/** Characters that are not shown as they are: entities, and names that may stand out. */
const SHOWN_OTHERWISE = /[&@]/

/** Give the words by which `after` is longer than `before`, or null when more than that has changed. */
export function addedWords(before: Shape, after: Shape): Added | null {
  if (before.full !== after.full || before.open.length !== after.open.length) return null
  const last = after.open.length - 1
  const isSame = after.open.every((block, index) => index === last || block === before.open[index] || isSameToken(before.open[index]?.token, block.token))
  const [was, is] = [before.open[last], after.open[last]]
  return isSame && was && is && was.at === is.at ? added(was.token, is.token) : null
}

function added(before: Token, after: Token): Added | null {
  if (!isSameFrame(before, after)) return null
  const [was, is] = [within(before), within(after)]
  if (!was && !is) return addedText(before, after)
  const last = is?.length ?? 0
  if (!was || !is || was.length !== last || last === 0) return null
  const isSame = is.every((token, index) => index === last - 1 || isSameToken(was[index], token))
  const [wasLast, isLast] = [was[last - 1], is[last - 1]]
  return isSame && wasLast && isLast ? added(wasLast, isLast) : null
}

function isSameToken(before: Token | undefined, after: Token): boolean {
  return before?.type === after.type && before.raw === after.raw
}

/** What makes an element what it is, besides its words. */
const FRAME: Record<string, readonly string[]> = {
  paragraph: [],
  text: [],
  codespan: [],
  strong: [],
  em: [],
  del: [],
  blockquote: [],
  heading: ["depth"],
  code: ["isOpen", "lang"],
  list: ["ordered", "start", "loose"],
  list_item: ["task", "checked", "loose"],
  table: [],
}

function isSameFrame(before: Token, after: Token): boolean {
  const names = FRAME[after.type]
  if (before.type !== after.type || !names?.every((name) => field(before, name) === field(after, name))) return false
  if (after.type === "code") return Boolean((after as CodeToken).isOpen)
  if (after.type === "list") return (before as Tokens.List).items.length === (after as Tokens.List).items.length
  if (after.type === "table") return (before as Tokens.Table).rows.length === (after as Tokens.Table).rows.length && after.raw.startsWith(before.raw)
  return true
}

function field(token: Token, name: string): unknown {
  return (token as unknown as Record<string, unknown>)[name]
}

/** What an element holds. Of a list or a table only its end: what stands above it is the same as long as its frame is. */
function within(token: Token): readonly Token[] | null {
  if (token.type === "list") return (token as Tokens.List).items.slice(-1)
  if (token.type === "table") return (token as Tokens.Table).rows.at(-1)?.at(-1)?.tokens ?? []
  return "tokens" in token ? (token.tokens ?? null) : null
}

function addedText(before: Token, after: Token): Added | null {
  const [was, is] = [String(field(before, "text")), String(field(after, "text"))]
  if (!is.startsWith(was)) return null
  if (after.type !== "code" && (SHOWN_OTHERWISE.test(is) || reveal(is)[0] !== is)) return null
  return { before: was, words: is.slice(was.length) }
}
