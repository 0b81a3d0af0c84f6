import { Lexer, type Token, type Tokens } from "marked"
import { describe, expect, it, vi } from "vitest"

import { blocksOf, MarkdownStream } from "@/lib/markdown/stream"
import { cut, seeded } from "@/testing/random"

const TEXTS = [
  "These are two problems. **Correctness** belongs in the database.\n\n> Seat 14A went a moment\n> before you.\n\nEnd.",
  "1. Insert the hold\n2. On `23505`, offer\n\n3. Sweep\n   - deep *one*\n   - deep **two**\n\n   more of three\n\nAfter the list.",
  "- a\n- b\n\n- c\n\n* other\n+ third\n\n10. ten\n\n2\n\n3)\n\n- \n\n-- no list\n\n---\n\nend",
  "Title\n=====\n\nSub\n---\n\n# One\n## Two ##\n\n| a | b |\n|---|--:|\n| 1 | **2** |\n| x \\| y | `z` |\n\nAfter.",
  "Code:\n\n```sql\nSELECT 1 -- `not` the end ```\n\nFROM x\n```\n\n~~~\n```\n~~~\n\n    indented\n\ntext\n````md\n```\n````\n",
  "<details><summary>Hi</summary>\n\n**inside**\n\n</details>\n\n<b>bold</b> and <br> more\n\n<!-- gone -->\n\nx",
  "A lazy\n> quote\nthat goes on\n\n> one\n\n> two\n\n***bold and it*** __b__ _i_ ~~d~~ a*b*c 2 * 3 * 4\n\nhttps://a.example/b_c and www.x.org, a@b.example.",
  "日本語の**文章**と🪑。\n\n- é́\n- 👩‍👩‍👧 x\n\n| 列 |\n|--|\n| あ |",
]
const ITEMS = Array.from({ length: 14 }, (_, index) => `${index + 1}. Item *${index}* of \`many\`${index % 4 === 3 ? "\n   - deeper **one**\n     lazy\n   - two" : ""}`)
TEXTS.push(
  `${ITEMS.join("\n")}\n\nAfter it.\n\n${ITEMS.join("\n").replaceAll(/^\d+\./gm, "-")}\n* another list\n---\nend`,
  `${ITEMS.join("\n")}\n\n15. now loose\n16. **all** of it\n\n    with code\n17) another`,
)
const shape = (tokens: readonly Token[]) => tokens.filter((token) => token.type !== "space" && token.type !== "def").map((token) => [token.type, token.raw.trimEnd()])
const whole = (text: string) => shape(new Lexer({ gfm: true }).lex(text))

describe("markdown that grows", () => {
  it.each(TEXTS.flatMap((text, index) => [0, 1, 2, 3, 4, 5].map((seed) => [index, seed, text] as const)))(
    "ends the same however it came: text %i, seed %i",
    (_index, seed, text) => {
      const stream = new MarkdownStream()
      let soFar = ""
      for (const piece of cut(text, seeded(seed), seed === 0 ? 1 : 9)) {
        soFar += piece
        stream.read(soFar, true)
      }
      expect(shape(blocksOf(stream.read(text, false)).map((block) => block.token))).toEqual(whole(text))
    },
  )

  it.each(TEXTS.map((text, index) => [index, text] as const))("stands right even before it is over: text %i", (_index, text) => {
    const stream = new MarkdownStream()
    for (let length = 1; length <= text.length; length++) stream.read(text.slice(0, length), true)
    // Its last block may be closed for the eye; all before it must be what the whole text says.
    const grown = shape(blocksOf(stream.read(text, true)).map((block) => block.token))
    expect(grown.slice(0, -1)).toEqual(whole(text).slice(0, -1))
  })

  it("reads finished blocks once: they stay the same objects to the end", () => {
    const text = "One **bold** paragraph.\n\nA second one.\n\nA third"
    const stream = new MarkdownStream()
    let first
    for (let length = 30; length <= text.length; length++) {
      const blocks = blocksOf(stream.read(text.slice(0, length), true))
      first ??= blocks.length > 1 ? blocks[0] : undefined
      if (first) expect(blocks[0]).toBe(first)
    }
    expect(blocksOf(stream.read(text, false))[0]).toBe(first)
  })

  it("reads only the tail of a long text", () => {
    const text = "A paragraph of some length, again.\n\n".repeat(2000)
    const stream = new MarkdownStream()
    stream.read(`${text}And`, true)
    const lex = vi.spyOn(Lexer.prototype, "lex")
    for (let n = 0; n < 300; n++) stream.read(`${text}And *more${"x".repeat(n)}`, true)
    expect(lex).toHaveBeenCalled()
    for (const [read] of lex.mock.calls) expect(read.length).toBeLessThan(400)
  })

  it("reads only the last item of a long list", () => {
    let text = Array.from({ length: 400 }, (_, index) => `- item ${index} of many`).join("\n")
    const stream = new MarkdownStream()
    stream.read(text, true)
    const lex = vi.spyOn(Lexer.prototype, "lex")
    for (let n = 0; n < 300; n++) stream.read((text += n % 10 === 9 ? "\n- one" : " more"), true)
    expect(lex).toHaveBeenCalledTimes(300)
    for (const [read] of lex.mock.calls) expect(read.length).toBeLessThan(120)
  })

  it("closes what is half written, for the eye only", () => {
    const last = (text: string) => JSON.stringify(blocksOf(new MarkdownStream().read(text, true)).at(-1)?.token)
    expect(last("now **bold")).toContain('"type":"strong"')
    expect(last("see [the page](https://exa")).not.toContain("https://exa")
    expect(last("run `make")).toContain('"type":"codespan"')
    expect(last("see [the page](https://exa")).toContain("the page")
  })

  it("shows a table from its first word on", () => {
    const read = (text: string) => blocksOf(new MarkdownStream().read(text, true)).at(-1)?.token
    const cells = (text: string) => (read(text) as Tokens.Table).header.map((cell) => cell.text)
    const written = "| Pier | Lea\\|ves at |\n| --- | ---: |"
    for (let length = 4; length <= written.length; length++) expect(read(written.slice(0, length)), written.slice(0, length)).toMatchObject({ type: "table", rows: [] })
    expect(cells("| Pi")).toEqual(["Pi"])
    expect(cells("| Pier | **Lea")).toEqual(["Pier", "**Lea**"])
    expect(cells(written)).toEqual(["Pier", "Lea|ves at"])
    expect(cells("| Pier | Leaves at |\n| --- |")).toEqual(["Pier", "Leaves at"])
    for (const text of ["|", "| ", "||", "a | b", "| Pier |\nleaves", "|x|\n\nThe"]) expect(read(text)?.type).not.toBe("table")
  })

  it("shows code while it is written, without the fence that may close it", () => {
    const read = (text: string) => blocksOf(new MarkdownStream().read(text, true)).at(-1)?.token
    expect(read("```sql\nSELECT 1\n``")).toMatchObject({ type: "code", lang: "sql", text: "SELECT 1", isOpen: true })
    expect(read("```sql\nSELECT 1\n```\n")).toMatchObject({ type: "code", text: "SELECT 1" })
    expect(read("text\n\n```sql\nSELECT 1")).toMatchObject({ type: "code", isOpen: true })
  })

  it("begins anew when the words do", () => {
    const stream = new MarkdownStream()
    stream.read("First try.\n\nMore of it.\n\nAnd", true)
    expect(blocksOf(stream.read("Second", true))).toHaveLength(1)
  })

  it("knows an address that was named before, and one that is named at the end", () => {
    const text = "See [a] and [b].\n\n[a]: https://a.example\n\nThen [a] again.\n\n[b]: https://b.example\n"
    const stream = new MarkdownStream()
    for (let length = 1; length <= text.length; length++) stream.read(text.slice(0, length), true)
    expect(JSON.stringify(stream.read(text, true))).toContain("https://a.example")
    expect(JSON.stringify(blocksOf(stream.read(text, false))[0])).toContain("https://b.example")
  })

  it("bears nesting without end", () => {
    for (const text of [">".repeat(5000) + "x", "- ".repeat(3000) + "x", "[".repeat(5000), "*a ".repeat(3000), "`".repeat(2001) + "x"]) {
      expect(blocksOf(new MarkdownStream().read(text, true)).length).toBeGreaterThan(0)
      expect(blocksOf(new MarkdownStream().read(text, false)).length).toBeGreaterThan(0)
    }
  })
})
