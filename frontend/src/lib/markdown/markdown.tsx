/**
 * Markdown as React elements: no HTML is ever made from a message, no address in it is ever loaded. Finished
 * blocks are drawn once; while a text grows only its last block is drawn again. Blocks stand in parts of a few, and
 * those in chapters: neither React nor the browser looks into what is full, however long the text is.
 */

import "@/lib/markdown/markdown.css"

import type { Token, Tokens } from "marked"
import { memo, type ReactNode, type Ref, useState } from "react"

import { cn } from "@/lib/cn"
import { CodeBlock } from "@/lib/markdown/code-block"
import { Inline, plainText } from "@/lib/markdown/inline"
import { reveal } from "@/lib/markdown/safe"
import { type Block, type CodeToken, MarkdownStream, type Part, partsOf, type Shape } from "@/lib/markdown/stream"

interface MarkdownProps {
  text: string
  /** More is coming: what is half written is closed for the eye, and a caret stands at the end. */
  isWriting?: boolean
  /** A new line is a new line, as people write; models mean a space by it. */
  hasBreaks?: boolean
  className?: string
}

const MOST_NESTED = 24
/** So many parts. */
const CHAPTER = 6

export const Markdown = memo(function Markdown({ text, isWriting = false, hasBreaks = false, className }: MarkdownProps) {
  const [stream] = useState(() => new MarkdownStream({ breaks: hasBreaks }))
  return <MarkdownParts shape={stream.read(text, isWriting)} isWriting={isWriting} className={className} />
})

interface PartsProps {
  shape: Shape
  isWriting: boolean
  className?: string | undefined
  ref?: Ref<HTMLDivElement>
}

/** A text whose blocks are known. */
export function MarkdownParts({ shape, isWriting, className, ref }: PartsProps) {
  const parts = partsOf(shape)
  const chapters = Math.ceil(parts.length / CHAPTER)
  return (
    <div ref={ref} className={cn("md", className)} dir="auto">
      {Array.from({ length: chapters }, (_, index) => (
        <Chapter key={index} parts={parts.slice(index * CHAPTER, (index + 1) * CHAPTER)} isGrowing={isWriting && index === chapters - 1} />
      ))}
      {isWriting && chapters === 0 && <Caret />}
    </div>
  )
}

const Chapter = memo(
  function Chapter({ parts, isGrowing }: { parts: readonly Part[]; isGrowing: boolean }) {
    const last = parts.length - 1
    return (
      <div className="md-chapter">
        {parts.map((blocks, index) => (
          <PartView key={index} blocks={blocks} isGrowing={isGrowing && index === last} />
        ))}
      </div>
    )
  },
  (a, b) => a.isGrowing === b.isGrowing && a.parts.length === b.parts.length && a.parts.every((part, index) => part === b.parts[index]),
)

const PartView = memo(function PartView({ blocks, isGrowing }: { blocks: Part; isGrowing: boolean }) {
  const last = blocks.length - 1
  return (
    <div className="md-part">
      {blocks.map((block, index) => (
        <BlockView key={block.at} block={block} isGrowing={isGrowing && index === last} />
      ))}
    </div>
  )
})

const BlockView = memo(function BlockView({ block, isGrowing }: { block: Block; isGrowing: boolean }) {
  return <BlockToken token={block.token} isGrowing={isGrowing} depth={0} />
})

/** Behind the last word, however deep that is nested. */
function Caret() {
  return <span className="caret" />
}

interface PartProps<T extends Token = Token> {
  token: T
  isGrowing: boolean
  depth: number
}

function BlockToken({ token, isGrowing, depth }: PartProps): ReactNode {
  if (depth > MOST_NESTED) return <p className="literal">{revealed(token.raw)}</p>
  switch (token.type) {
    case "paragraph":
      return (
        <p>
          <Inline tokens={token.tokens} />
          {isGrowing && <Caret />}
        </p>
      )
    case "text": // a tight list's item
      return (
        <>
          <Inline tokens={token.tokens ?? [token]} />
          {isGrowing && <Caret />}
        </>
      )
    case "heading":
      return <Heading token={token as Tokens.Heading} isGrowing={isGrowing} />
    case "code":
      return <CodeBlock text={(token as CodeToken).text} lang={(token as CodeToken).lang ?? ""} isOpen={isGrowing} />
    case "list":
      return <List token={token as Tokens.List} isGrowing={isGrowing} depth={depth} />
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={token.tokens ?? []} isGrowing={isGrowing} depth={depth + 1} />
        </blockquote>
      )
    case "table":
      return <Table token={token as Tokens.Table} isGrowing={isGrowing} />
    case "hr":
      return <hr />
    case "space":
    case "def":
    case "checkbox":
      return null
    default: // HTML, and what this reader does not know: as it was written
      return <p className="literal">{revealed(token.raw.trim())}</p>
  }
}

function Blocks({ tokens, isGrowing, depth }: { tokens: readonly Token[]; isGrowing: boolean; depth: number }) {
  const last = tokens.length - 1
  return tokens.map((token, index) => <BlockToken key={index} token={token} isGrowing={isGrowing && index === last} depth={depth} />)
}

/** The page's own headings are one to three. */
function Heading({ token, isGrowing }: { token: Tokens.Heading; isGrowing: boolean }) {
  const Tag = token.depth === 1 ? "h4" : token.depth === 2 ? "h5" : "h6"
  return (
    <Tag>
      <Inline tokens={token.tokens} />
      {isGrowing && <Caret />}
    </Tag>
  )
}

function List({ token, isGrowing, depth }: PartProps<Tokens.List>) {
  const last = token.items.length - 1
  const first = token.start === "" ? 1 : token.start // a list may begin at 0
  const items = token.items.map((item, index) => (
    <Item key={index} item={item} number={token.ordered ? first + index : null} isGrowing={isGrowing && index === last} depth={depth} />
  ))
  if (!token.ordered) return <ul>{items}</ul>
  return (
    <ol start={first} className={items.length + first > 10 ? "is-long" : undefined}>
      {items}
    </ol>
  )
}

interface ItemProps {
  item: Tokens.ListItem
  /** Written before it by the styles: counters would make the browser go through the whole page for each new item. */
  number: number | null
  isGrowing: boolean
  depth: number
}

/** Its words say whether an item is the same as before, though its tokens were read anew. */
const Item = memo(
  function Item({ item, number, isGrowing, depth }: ItemProps) {
    return (
      <li className={item.task ? "task" : undefined} data-number={number ?? undefined}>
        {item.task && <input type="checkbox" checked={item.checked ?? false} disabled readOnly aria-label={item.checked ? "Done" : "Not done"} />}
        <Blocks tokens={item.tokens} isGrowing={isGrowing} depth={depth + 1} />
        {isGrowing && item.tokens.length === 0 && <Caret />}
      </li>
    )
  },
  (a, b) => a.item.raw === b.item.raw && a.item.loose === b.item.loose && a.number === b.number && a.isGrowing === b.isGrowing,
)

const MANY_COLUMNS = 5 // a lane is too narrow for them: short cells stay in one line, and the table scrolls
const LONG_CELL = 16

function Table({ token, isGrowing }: { token: Tokens.Table; isGrowing: boolean }) {
  const lastRow = token.rows.length - 1
  const name = `Table: ${token.header.map((cell) => plainText(cell.tokens)).join(", ")}`
  return (
    <div className="table-box scrolls-wide" role="group" aria-label={name} tabIndex={0}>
      <table data-many={token.header.length >= MANY_COLUMNS || undefined}>
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index} scope="col" className={lookOf(cell)}>
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <Row key={index} cells={row} isGrowing={isGrowing && index === lastRow} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Row = memo(
  function Row({ cells, isGrowing }: { cells: readonly Tokens.TableCell[]; isGrowing: boolean }) {
    return (
      <tr>
        {cells.map((cell, column) => (
          <td key={column} className={lookOf(cell)}>
            <Inline tokens={cell.tokens} />
            {isGrowing && column === cells.length - 1 && <Caret />}
          </td>
        ))}
      </tr>
    )
  },
  (a, b) => a.isGrowing === b.isGrowing && a.cells.length === b.cells.length && a.cells.every((cell, index) => cell.text === b.cells[index]?.text && cell.align === b.cells[index].align),
)

function lookOf({ align, text }: Tokens.TableCell): string | undefined {
  const side = align === "right" ? "r" : align === "center" ? "c" : ""
  return [side, text.length > LONG_CELL && "long"].filter(Boolean).join(" ") || undefined
}

function revealed(text: string): ReactNode {
  return reveal(text).map((piece, index) => (typeof piece === "string" ? piece : <mark key={index} className="unseen">{piece.hidden}</mark>))
}
