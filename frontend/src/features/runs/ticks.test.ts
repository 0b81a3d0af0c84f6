import { describe, expect, it } from "vitest"

import { ticksOf } from "@/features/runs/ticks"
import { answer, bob, run, said } from "@/testing/make"

const talk = run({ id: "talk", kind: "in_turn", prompt_seq: 1, models: ["m:1", "m:2"], rounds: 3, turns_total: 6 })
const turn = (seq: number, model: number, state: "complete" | "streaming" = "complete") =>
  answer(seq, 0, "x", { run_id: "talk", state, author: { kind: "model", id: `m:${model}`, name: `M${model}`, slot: model } })
const told = (messages: Parameters<typeof ticksOf>[1]) =>
  ticksOf(talk, messages).map((round) => round.map((tick) => (tick.kind === "person" ? "•" : `${tick.kind[0] ?? ""}${tick.modelId.slice(2)}`)).join(" "))

describe("the ticks of a talk", () => {
  it("are done, now and ahead, with a dot where a person spoke", () => {
    const byBob = { author: { kind: "person" as const, id: bob.id, name: bob.name } }
    expect(told([turn(2, 1), turn(3, 2), said(4, "And?", byBob), turn(5, 1), turn(6, 2, "streaming")])).toEqual(["d1 d2 •", "d1 n2", "a1 a2"])
  })

  it("are all ahead before it begins", () => {
    expect(told([said(1, "Discuss")])).toEqual(["a1 a2", "a1 a2", "a1 a2"])
  })

  it("count a turn once, however often it was asked again", () => {
    expect(told([turn(2, 1), { ...turn(2, 1), id: "sibling", variant: 1 }])).toEqual(["d1 a2", "a1 a2", "a1 a2"])
  })
})
