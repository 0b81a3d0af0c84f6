import { describe, expect, it } from "vitest"

import { headlineOf } from "@/features/conversation/headline"

describe("a question's headline", () => {
  it("is the whole of a short one, without its marks", () => {
    expect(headlineOf(" Who gets the **last** seat of `17:40`, and *why*? ")).toEqual({ headline: "Who gets the last seat of 17:40, and why?", rest: "" })
    expect(headlineOf("2 * 3 * 4 = ?")).toEqual({ headline: "2 * 3 * 4 = ?", rest: "" })
  })

  it("is the first sentence of a long one", () => {
    const rest = "Here is all I know. ".repeat(20).trim()
    expect(headlineOf(`Who gets the seat? ${rest}`)).toEqual({ headline: "Who gets the seat?", rest })
    expect(headlineOf("Look at this\n\n```sql\nSELECT 1\n```")).toEqual({ headline: "Look at this", rest: "```sql\nSELECT 1\n```" })
  })

  it("is none where the first sentence is long, or is no sentence", () => {
    expect(headlineOf("word ".repeat(60)).headline).toBe("")
    expect(headlineOf(`${"word ".repeat(30)}. And more. ${"x ".repeat(80)}`).headline).toBe("")
    expect(headlineOf("- a\n- b")).toEqual({ headline: "", rest: "- a\n- b" })
    expect(headlineOf("```js\nlet a\n```").headline).toBe("")
  })

  it("loses nothing", () => {
    const body = `Is it so? ${"And more of it, ".repeat(30)}end.`
    const { headline, rest } = headlineOf(body)
    expect(`${headline} ${rest}`).toBe(body)
  })
})
