/**
 * Markdown that grows. Blocks that can no longer change are kept with their tokens; only the tail is read again,
 * and syntax that is half written there is closed for the eye. At the end the whole text is read once more, so
 * that what stands there never depends on how it came.
 */

import { Lexer, type Links, type Token, type Tokens } from "marked"
import remend from "remend"

export interface Block {
  /** Where it begins in the text: its name as long as it grows. */
  at: number
  token: Token
}

/** Blocks stand in parts of six; which part a block is in never changes. */
export type Part = readonly Block[]

/**
 * A text's blocks. A part in `full` will not change while the text grows, and `full` is the same list until one more
 * is; `open` has what follows, up to two parts of it.
 */
export interface Shape {
  full: readonly Part[]
  open: Part
}

/** A closed fence will not change any more and may be coloured. */
export interface CodeToken extends Tokens.Code {
  isOpen?: boolean
}

const PART = 6
const MAX_HEALED = 4_000
const LONG_LIST = 8
const HEALED = { katex: false, images: false, linkMode: "text-only", htmlTags: false, comparisonOperators: false, singleTilde: false } as const
const OPEN_FENCE = /^ {0,3}(`{3,}|~{3,})([^\n]*)\n/
/** So little of a line that it could still become an item of the list above it, a rule under it, or a lazy line of it. */
const UNDECIDED = /^[\s>]*(?:[-+*=|:]+|\d{1,9}[.)]?)?\s*$/

/** A line of cells, and under it at most the beginning of the rule that makes it a table's head. */
const TABLE_HEAD = /^(\|[^\n]*[^\s|][^\n]*)(?:\n[\s|:-]*)?$/

export class MarkdownStream {
  private readonly breaks: boolean
  private text = ""
  private tailAt = 0
  private links: Links = {}
  private full: readonly Part[] = []
  /** Finished, in a part that is not full yet. */
  private done: Part = []
  /** The open block, if it is a list so long that it is read from its last item on. */
  private list: Tokens.List | null = null
  private shape: Shape = { full: [], open: [] }
  private isWhole = false

  constructor(options: { breaks?: boolean } = {}) {
    this.breaks = options.breaks ?? false
  }

  /** Give the blocks of the text so far; the same text gives the same shape. */
  read(text: string, isWriting: boolean): Shape {
    if (text === this.text && isWriting !== this.isWhole) return this.shape
    if (!isWriting) this.shape = this.readWhole(text)
    else {
      if (this.isWhole || !text.startsWith(this.text)) this.begin()
      this.shape = this.readTail(text)
    }
    this.text = text
    this.isWhole = !isWriting
    return this.shape
  }

  private begin(): void {
    this.full = []
    this.done = []
    this.tailAt = 0
    this.links = {}
    this.list = null
  }

  private readWhole(text: string): Shape {
    const known = new Map(blocksOf(this.shape).map((block) => [block.at, block]))
    const { tokens, links } = lex(text, {}, this.breaks)
    const hasLinks = Object.keys(links).length > 0
    const whole = place(tokens, 0).map((block) => {
      const before = known.get(block.at)
      const isSame = !hasLinks && before?.token.raw === block.token.raw && !(before.token as CodeToken).isOpen
      return isSame ? before : block
    })
    const { full } = this.shape
    this.begin()
    return inParts([], whole, full)
  }

  private readTail(text: string): Shape {
    const tail = text.slice(this.tailAt)
    const fence = openFence(tail)
    if (fence) return this.withOpen([{ at: this.tailAt, token: fence }])
    this.list &&= grownList(this.list, tail, (text) => lex(text, this.links, this.breaks).tokens)
    if (this.list) return this.withOpen([{ at: this.tailAt, token: healed(this.list, this.links, this.breaks) }])
    const { tokens, links } = lex(tail, this.links, this.breaks)
    const blocks = place(tokens, this.tailAt)
    const growing = firstGrowing(blocks)
    const finished = blocks.slice(0, growing)
    const left = blocks.slice(growing)
    if (finished.length && left[0]) {
      ;({ full: this.full, open: this.done } = inParts(this.full, [...this.done, ...finished]))
      this.tailAt = left[0].at
      this.links = links
    }
    const last = left.pop()
    if (last && !left.length) this.list = longList(last.token)
    if (last) left.push({ at: last.at, token: openFence(last.token.raw) ?? healed(last.token, this.links, this.breaks) })
    return this.withOpen(left)
  }

  private withOpen(left: Part): Shape {
    return { full: this.full, open: [...this.done, ...left] }
  }
}

export function blocksOf({ full, open }: Shape): readonly Block[] {
  return [...full.flat(), ...open]
}

/** Give all parts of a text. */
export function partsOf({ full, open }: Shape): readonly Part[] {
  const rest = inParts([], open)
  return [...full, ...rest.full, ...(rest.open.length ? [rest.open] : [])]
}

/** Fill parts; what does not fill one stays open. A part that was there before with the same blocks stays that part. */
function inParts(full: readonly Part[], blocks: Part, before: readonly Part[] = []): Shape {
  const parts: Part[] = []
  let at = 0
  for (; blocks.length - at >= PART; at += PART) {
    const old = before[parts.length]
    const part = blocks.slice(at, at + PART)
    parts.push(old?.every((block, index) => block === part[index]) ? old : part)
  }
  return { full: parts.length ? [...full, ...parts] : full, open: blocks.slice(at) }
}

/** The last block grows. The one before it does, too, while the last is not yet enough to tell them apart. */
function firstGrowing(blocks: readonly Block[]): number {
  const last = blocks.at(-1)
  if (!last) return 0
  const isUndecided = UNDECIDED.test(last.token.raw) || last.token.type === "html"
  return Math.max(0, blocks.length - (isUndecided ? 2 : 1))
}

function lex(text: string, links: Links, breaks: boolean): { tokens: Token[]; links: Links } {
  const lexer = new Lexer({ gfm: true, breaks })
  Object.assign(lexer.tokens.links, links)
  try {
    const tokens = lexer.lex(text)
    return { tokens, links: tokens.links }
  } catch {
    // Nested beyond what the reader can follow; people still see what was written.
    return { tokens: [{ type: "paragraph", raw: text, text, tokens: [{ type: "text", raw: text, text }] }], links }
  }
}

/** Blank lines between items change all of them: such a list is read whole. */
function longList(token: Token): Tokens.List | null {
  return token.type === "list" && !(token as Tokens.List).loose && (token as Tokens.List).items.length > LONG_LIST ? (token as Tokens.List) : null
}

/** Read a list that grew from its last item on; null when that is not all that the text is now. */
function grownList(list: Tokens.List, text: string, read: (text: string) => readonly Token[]): Tokens.List | null {
  const last = list.items.at(-1)
  if (!last || !text.startsWith(list.raw)) return null
  const from = list.raw.length - last.raw.length
  const [rest, ...others] = read(text.slice(from)).filter((token) => token.type !== "space")
  const more = rest?.type === "list" && !others.length ? (rest as Tokens.List) : null
  if (!more || more.loose || more.ordered !== list.ordered) return null
  return { ...list, raw: text.slice(0, from) + more.raw, items: [...list.items.slice(0, -1), ...more.items] }
}

/** Say where each token begins, and leave the white space out. */
function place(tokens: readonly Token[], from: number): Block[] {
  const blocks: Block[] = []
  let at = from
  for (const token of tokens) {
    if (token.type !== "space" && token.type !== "def") blocks.push({ at, token })
    at += token.raw.length
  }
  return blocks
}

/** Code that is being written is taken as it is: reading it again and again would cost more the longer it gets. */
function openFence(tail: string): CodeToken | null {
  const start = OPEN_FENCE.exec(tail)
  const fence = start?.[1]
  if (!start || !fence) return null
  const closing = new RegExp(`\\n {0,3}${fence[0] === "~" ? "~" : "`"}{${fence.length},}[ \\t]*(?:\\n|$)`)
  const text = tail.slice(start[0].length)
  if (closing.test(`\n${text}`)) return null
  // The last line may be the beginning of the closing fence: it is not shown before that is known.
  return { type: "code", raw: tail, lang: (start[2] ?? "").trim(), text: text.replace(/(^|\n)[`~ ]+$/, "").replace(/\n$/, ""), isOpen: true }
}

/** Marks that found their other half are tokens by now; those still in the words may be waiting for it. */
function hasLooseMarks(token: Token): boolean {
  const within = childrenOf(token)
  if (!within.length) return (token.type === "text" || token.type === "paragraph") && /[*_~`[]/.test(token.raw)
  // The other half of a mark never stands in another item or cell: the last one alone can be waiting.
  return token.type === "list" || token.type === "table" || token.type === "blockquote" ? hasLooseMarks(within[within.length - 1] ?? token) : within.some(hasLooseMarks)
}

function childrenOf(token: Token): Token[] {
  if (token.type === "list") return (token as Tokens.List).items
  if (token.type === "table") return (token as Tokens.Table).rows.at(-1)?.at(-1)?.tokens ?? []
  return "tokens" in token ? (token.tokens ?? []) : []
}

function healed(token: Token, links: Links, breaks: boolean): Token {
  if (token.type === "code" || token.type === "html" || token.raw.length > MAX_HEALED) return token
  const raw = token.raw.trimEnd()
  const head = token.type === "paragraph" ? TABLE_HEAD.exec(raw)?.[1] : undefined
  if (!head && !hasLooseMarks(token)) return token
  const whole = head ? withRule(remend(head, HEALED)) : remend(raw, HEALED)
  if (whole === raw) return token
  const { tokens } = lex(whole, links, breaks)
  const [first, ...rest] = tokens.filter((one) => one.type !== "space")
  return first && !rest.length ? first : token
}

/** Give a table's head its rule. */
function withRule(head: string): string {
  const row = /[^\\]\|$/.test(head) ? head : `${head} |`
  const columns = row.replaceAll("\\|", "").split("|").length - 2
  return `${row}\n${"|---".repeat(columns)}|`
}
