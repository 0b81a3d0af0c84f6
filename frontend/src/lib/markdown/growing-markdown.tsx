/**
 * Markdown while it is written. Words that only make its last sentence longer are put into the page by hand: React
 * draws when something else changes, which is a new block, a mark that opens or closes, the end.
 */

import { memo, useCallback, useRef, useState, useSyncExternalStore } from "react"

import { addedWords } from "@/lib/markdown/growth"
import { MarkdownParts } from "@/lib/markdown/markdown"
import { MarkdownStream, type Shape } from "@/lib/markdown/stream"

/** Words that grow: `read` gives them so far, undefined when they are over; `watch` tells of more. */
export interface Words {
  read: () => string | undefined
  watch: (listener: () => void) => () => void
}

interface GrowingProps {
  /** Null: they are over, and `text` is all there is. */
  words: Words | null
  text: string
  className?: string | undefined
}

const nothing = () => () => undefined

export const GrowingMarkdown = memo(function GrowingMarkdown({ words, text, className }: GrowingProps) {
  const [page] = useState(() => new Page(words?.read() ?? text, words !== null))
  const box = useRef<HTMLDivElement>(null)
  const watch = useCallback(
    (redraw: () => void) => {
      if (!words) return nothing()
      const grow = () => {
        if (page.grow(words.read(), box.current)) redraw()
      }
      grow() // what came before anybody watched
      return words.watch(grow)
    },
    [page, words],
  )
  const shape = useSyncExternalStore(watch, () => (words ? page.drawn : page.whole(text)))
  return <MarkdownParts ref={box} shape={shape} isWriting={words !== null} className={className} />
})

/** A text on the page: as React last drew it, and as it stands there now. */
class Page {
  drawn: Shape
  private shown: Shape
  private readonly stream = new MarkdownStream()
  /** The words at the end, longer than React knows them. */
  private grown: { node: Text; drawn: string } | null = null

  constructor(text: string, isWriting: boolean) {
    this.drawn = this.shown = this.stream.read(text, isWriting)
  }

  /** Put the words that came into the page, and say whether React has to draw instead. */
  grow(text: string | undefined, box: HTMLElement | null): boolean {
    if (text === undefined) {
      this.giveBack()
      return false
    }
    const next = this.stream.read(text, true)
    if (next === this.shown) return false
    const added = addedWords(this.shown, next)
    const node = added && lastText(box)
    this.shown = next
    if (added && node?.data === added.before) {
      this.grown ??= { node, drawn: node.data }
      node.appendData(added.words)
      return false
    }
    this.giveBack()
    this.drawn = next
    return true
  }

  whole(text: string): Shape {
    return (this.drawn = this.shown = this.stream.read(text, false))
  }

  /** React compares with what it drew itself; it draws before the next frame, so nobody sees this. */
  private giveBack(): void {
    if (this.grown) this.grown.node.data = this.grown.drawn
    this.grown = null
  }
}

/** The words before the caret, which stands in the last block, however deep. */
function lastText(box: HTMLElement | null): Text | null {
  const block = box?.lastElementChild?.lastElementChild?.lastElementChild // of the last part of the last chapter
  let node: Node | null = block?.querySelector(".caret")?.previousSibling ?? null
  while (node instanceof Element) node = node.lastChild
  return node instanceof Text ? node : null
}
