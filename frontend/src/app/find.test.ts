import { describe, expect, it } from "vitest"

import { match } from "@/app/find"

const marked = (text: string, typed: string) => match(text, typed)?.marks.map(([from, to]) => text.slice(from, to)) ?? null

describe("finding by a few letters", () => {
  it.each([
    ["Spring launch", "spr", ["Spr"]],
    ["Spring launch", "LAUNCH", ["launch"]],
    ["Interview notes, Tromsø", "tromso", ["Tromsø"]],
    ["Étude", "etu", ["Étu"]],
    ["Spring launch checklist", "slc", null],
    ["Spring launch", "xyz", null],
    ["New 🎻 thread", "thread", ["thread"]],
  ])("in %s, %s means %j", (text, typed, expected) => {
    expect(marked(text, typed)).toEqual(expected)
  })

  it("prefers a beginning to a word to the inside", () => {
    const ranks = ["seat map", "the seat", "unseated"].map((text) => match(text, "seat")?.rank ?? 99)
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b))
    expect(new Set(ranks).size).toBe(3)
  })

  it("takes everything when nothing is typed", () => {
    expect(match("anything", "  ")).toEqual({ rank: 0, marks: [] })
  })

  it("never marks outside the text", () => {
    for (const text of ["İstanbul", "ﬁeld", "a\u0301b", "𝒜bc"]) {
      const found = match(text, text)
      expect(found?.marks.at(-1)?.[1] ?? 0).toBeLessThanOrEqual(text.length)
    }
  })
})
