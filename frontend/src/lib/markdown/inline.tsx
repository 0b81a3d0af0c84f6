/** The words inside a block. Links say where they lead; images are never loaded, their address is text. */

import type { Token } from "marked"
import { Fragment, type ReactNode } from "react"

import { useMentions } from "@/lib/markdown/mentions"
import { decode, reveal, safeLink, saysTarget } from "@/lib/markdown/safe"

const MOST_NESTED = 24
const BREAK = /^<br\s*\/?>$/i

export function Inline({ tokens, depth = 0 }: { tokens: readonly Token[] | undefined; depth?: number }): ReactNode {
  return tokens?.map((token, index) => <Fragment key={index}>{inline(token, depth)}</Fragment>)
}

function inline(token: Token, depth: number): ReactNode {
  if (depth > MOST_NESTED) return <Text text={token.raw} />
  const within = tokensOf(token)
  const inner = () => <Inline tokens={within} depth={depth + 1} />
  switch (token.type) {
    case "text":
      return within ? inner() : <Text text={decode(String(token["text"]))} />
    case "escape":
      return <Text text={decode(String(token["text"]))} />
    case "strong":
      return <strong>{inner()}</strong>
    case "em":
      return <em>{inner()}</em>
    case "del":
      return <del>{inner()}</del>
    case "codespan":
      return (
        <code>
          <Text text={String(token["text"])} />
        </code>
      )
    case "br":
      return <br />
    case "link":
      return <Link address={String(token["href"])} words={plainText(within)}>{inner()}</Link>
    case "image":
      return <Picture address={String(token["href"])} words={plainText(within)} />
    case "html":
      return BREAK.test(token.raw) ? <br /> : <Text text={token.raw} />
    case "checkbox":
      return null
    default:
      return <Text text={token.raw} />
  }
}

/** Plain words: what hides in them is shown, and who is named by "@" stands out. */
export function Text({ text }: { text: string }): ReactNode {
  const { pattern, me } = useMentions()
  const pieces = reveal(text)
  if (pieces.length === 1 && typeof pieces[0] === "string") return named(pieces[0], pattern, me)
  return pieces.map((piece, index) =>
    typeof piece === "string" ? (
      <Fragment key={index}>{named(piece, pattern, me)}</Fragment>
    ) : (
      <mark key={index} className="unseen" title="A hidden character of the text">
        {piece.hidden}
      </mark>
    ),
  )
}

function named(text: string, pattern: RegExp | null, me: string): ReactNode {
  if (!pattern || !text.includes("@")) return text
  const parts = text.split(pattern)
  if (parts.length === 1) return text
  return parts.map((part, index) =>
    index % 2 === 0 ? part : (
      <span key={index} className={part.toLowerCase() === me ? "mention is-me" : "mention"}>
        {part}
      </span>
    ),
  )
}

function Link({ address, words, children }: { address: string; words: string; children: ReactNode }) {
  const link = safeLink(address)
  if (!link) return children
  return (
    <a href={link.href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
      {!saysTarget(words, link) && <span className="leads-to"> ({link.target})</span>}
    </a>
  )
}

function Picture({ address, words }: { address: string; words: string }) {
  return (
    <span className="picture">
      {words && (
        <>
          <Text text={words} />{" "}
        </>
      )}
      <code>
        <Text text={decode(address)} />
      </code>
    </span>
  )
}

function tokensOf(token: Token): Token[] | undefined {
  return "tokens" in token ? token.tokens : undefined
}

/** Give the words of tokens without their markup. */
export function plainText(tokens: readonly Token[] | undefined): string {
  return (tokens ?? [])
    .map((token) => {
      const within = tokensOf(token)
      return within ? plainText(within) : decode("text" in token ? String(token["text"]) : token.raw)
    })
    .join("")
}
