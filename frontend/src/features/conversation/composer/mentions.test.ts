import { describe, expect, it } from "vitest"

import { complete, matching, type Named, namedModels, typingName } from "@/features/conversation/composer/mentions"

const all: Named[] = [
  { id: "m1", name: "Claude Sonnet 4.5", kind: "model", slot: 2 },
  { id: "m2", name: "GPT-5.1", kind: "model", slot: 1 },
  { id: "m3", name: "Claude Haiku", kind: "model", slot: 3 },
  { id: "p1", name: "Carol", kind: "person", slot: 0 },
]
const models = all.filter((one) => one.kind === "model")

describe("a name that is typed", () => {
  it("begins at an @ that begins a word", () => {
    expect(typingName("Hello @Ca", 9)).toEqual({ from: 6, query: "Ca" })
    expect(typingName("@", 1)).toEqual({ from: 0, query: "" })
    expect(typingName("@Claude Son", 11)).toEqual({ from: 0, query: "Claude Son" })
    expect(typingName("a@b.example", 11)).toBeNull()
    expect(typingName("@Carol\nand", 10)).toBeNull()
    expect(typingName("@Carol  and", 11)).toBeNull()
    expect(typingName("no name", 7)).toBeNull()
  })

  it("is found by any of its words, people first", () => {
    expect(matching(all, "c").map((one) => one.id)).toEqual(["p1", "m1", "m3"])
    expect(matching(all, "son").map((one) => one.id)).toEqual(["m1"])
    expect(matching(all, "Carol")).toEqual([])
  })

  it("is put in its place", () => {
    expect(complete("Hi @Ca!", { from: 3, query: "Ca" }, "Carol")).toEqual({ text: "Hi @Carol !", caret: 10 })
    expect(complete("@C now", { from: 0, query: "C" }, "Carol")).toEqual({ text: "@Carol now", caret: 7 })
  })
})

describe("the models a text names", () => {
  it("are asked alone", () => {
    expect(namedModels("@GPT-5.1 what now?", models)).toEqual(["m2"])
    expect(namedModels("what now, @gpt?", models)).toEqual(["m2"])
    expect(namedModels("@Claude Sonnet 4.5 and @GPT-5.1", models)).toEqual(["m1", "m2"])
  })

  it("are none where it is not sure", () => {
    expect(namedModels("@Claude what now?", models)).toEqual([])
    expect(namedModels("mail me@gpt.example", models)).toEqual([])
    expect(namedModels("GPT-5.1 says so", models)).toEqual([])
    expect(namedModels("@GPT-5.12", models)).toEqual([])
  })
})
