import { act, render } from "@testing-library/react"
import { Profiler } from "react"
import { describe, expect, it } from "vitest"

import { GrowingMarkdown, type Words } from "@/lib/markdown/growing-markdown"
import { Markdown } from "@/lib/markdown/markdown"
import { MentionsProvider, mentionsOf } from "@/lib/markdown/mentions"
import { cut, seeded } from "@/testing/random"

const TEXTS = [
  "## Tides\n\nThe **ferry** leaves at `07:40` and calls at *four* piers; see [the timetable](https://example.org/tides).\n\n1. The first stop\n2. The second\n   - with a kiosk\n   - and a **bench**\n\n> High water comes later\n> each day.\n\n| Pier | Leaves |\n| --- | ---: |\n| North | 07:40 |\n| South | 08:05 |\n\n```python\ndef next_high(water):\n    return water + 1  # in hours\n```\n\nEnd.",
  "a *b c* d **e f** g `h i` ~~j k~~ l [m](https://n.example) o & p &amp; q @Alice r <b>s</b> t\u200bu \u202ev w",
  "One\n\n- a\n- b\n\n- c\n\n1) x\n2) y z\n\nTitle\n=====\n\n- [ ] todo it\n- [x] done it\n\nSee [a] now.\n\n[a]: https://a.example\n\nhttps://b.example/c_d and www.e.org end",
  "日本語の**文章**と🪑が続く。\n\n👩‍👩‍👧 x é́ y\n\n***both** of* them __and__ _these_ 2 * 3 * 4 a_b_c\n\n~~~\ncode ``` more\n~~~\n\n    indented code\n\nlast words",
]

/** A text that a test lets grow. */
function growing() {
  let text: string | undefined = ""
  const listeners = new Set<() => void>()
  const words: Words = {
    read: () => text,
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const set = (next: string | undefined) => {
    act(() => {
      text = next
      for (const tell of listeners) tell()
    })
  }
  return { words, set }
}

const asDrawnAtOnce = (text: string) => render(<Markdown text={text} isWriting />).container.innerHTML
const finished = (text: string) => render(<Markdown text={text} />).container.innerHTML

describe("markdown that is put into the page as it comes", () => {
  it.each(TEXTS.flatMap((text, index) => [0, 1, 2, 3].map((seed) => [index, seed, text] as const)))("looks at every moment as if React had drawn it: text %i, seed %i", (_index, seed, text) => {
    const { words, set } = growing()
    const { container, rerender } = render(<GrowingMarkdown words={words} text="" />)
    const drawn = render(<Markdown text="" isWriting />)
    let soFar = ""
    for (const piece of cut(text, seeded(seed), seed === 0 ? 1 : 7)) {
      set((soFar += piece))
      drawn.rerender(<Markdown text={soFar} isWriting />)
      expect(container.innerHTML).toBe(drawn.container.innerHTML)
    }
    set(undefined)
    rerender(<GrowingMarkdown words={null} text={text} />)
    expect(container.innerHTML).toBe(finished(text))
  })

  it("begins anew when the words do, even with those that stood there", () => {
    const { words, set } = growing()
    const { container } = render(<GrowingMarkdown words={words} text="" />)
    for (const text of ["The tide", "The tide comes", "The tide", "The", "The tide goes", "Other", "The tide"]) {
      set(text)
      expect(container.innerHTML).toBe(asDrawnAtOnce(text))
    }
  })

  it("shows what came before anybody watched", () => {
    const { words, set } = growing()
    set("Here **already**")
    const { container } = render(<GrowingMarkdown words={words} text="" />)
    expect(container.innerHTML).toBe(asDrawnAtOnce("Here **already**"))
    set("Here **already**, and more")
    expect(container.innerHTML).toBe(asDrawnAtOnce("Here **already**, and more"))
  })

  it("lets names stand out as they come", () => {
    const { words, set } = growing()
    const mentions = mentionsOf(["Alice"], "Alice")
    const { container } = render(
      <MentionsProvider value={mentions}>
        <GrowingMarkdown words={words} text="" />
      </MentionsProvider>,
    )
    for (const text of ["Ask ", "Ask @Al", "Ask @Alice", "Ask @Alice now"]) set(text)
    expect(container.querySelector(".mention")).toHaveTextContent("@Alice")
    expect(container).toHaveTextContent("Ask @Alice now")
  })
})

describe("what a telling costs", () => {
  const BLOCKS = "## Tides\n\nThe **ferry** leaves at `07:40`.\n\n- one\n- two\n\n> quoted\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```js\nlet a\n```\n\n"

  /** Let words come after a text of so many blocks; say what was touched. */
  function tell(rounds: number, pieces: readonly string[]) {
    const { words, set } = growing()
    let text = BLOCKS.repeat(rounds) + "The tide"
    set(text)
    let draws = 0
    const { container } = render(
      <Profiler id="text" onRender={() => (draws += 1)}>
        <GrowingMarkdown words={words} text="" />
      </Profiler>,
    )
    const finished = [...container.querySelectorAll(".md-part > *")].slice(0, -1)
    const records: MutationRecord[] = []
    const observer = new MutationObserver((found) => records.push(...found))
    observer.observe(container, { subtree: true, childList: true, characterData: true, attributes: true })
    draws = 0
    for (const piece of pieces) set((text += piece))
    records.push(...observer.takeRecords())
    const isInFinished = ({ target }: MutationRecord) => finished.some((block) => block.contains(target))
    return { draws, mutations: records.length, inFinished: records.filter(isInFinished).length, areKept: finished.every((block) => block.isConnected) }
  }

  it("is one change of one text, and nothing for React to draw, however long the answer is", () => {
    const pieces = Array.from({ length: 40 }, (_, index) => (index % 7 === 6 ? ". And" : " comes"))
    for (const rounds of [0, 1, 60]) {
      expect(tell(rounds, pieces)).toEqual({ draws: 0, mutations: 40, inFinished: 0, areKept: true })
    }
  })

  it("touches the open block alone when a mark opens or closes, and keeps every element that is finished", () => {
    const pieces = [" is", " **high", " today** and", " `low", "er` to", "morrow.", "\n\nThen ", "the next"]
    const [short, long] = [tell(1, pieces), tell(60, pieces)]
    expect(long).toEqual({ ...short, inFinished: 0, areKept: true })
    expect(long.draws).toBeLessThanOrEqual(pieces.length)
  })

  it("ends without drawing a finished block again", () => {
    const { words, set } = growing()
    const text = BLOCKS.repeat(20) + "The tide is in."
    const { container, rerender } = render(<GrowingMarkdown words={words} text="" />)
    for (let length = 0; length <= text.length; length += 11) set(text.slice(0, length))
    set(text)
    const blocks = [...container.querySelectorAll(".md-part > *")]
    set(undefined)
    rerender(<GrowingMarkdown words={null} text={text} />)
    expect([...container.querySelectorAll(".md-part > *")]).toEqual(blocks)
    expect(blocks.every((block) => block.isConnected)).toBe(true)
  })
})
