import { describe, expect, it } from "vitest"

import { capacityOf, lanesOf, layoutOf, letterOf, shortNamesOf } from "@/features/runs/lanes-of"
import { choiceKey } from "@/lib/room-state"
import { answer, choice } from "@/testing/make"

const sibling = (variant: number, lane: number) => answer(2, variant, `v${variant}`, { lane })
const choices = (...list: ReturnType<typeof choice>[]) => new Map(list.map((one) => [choiceKey(one.seq, one.lane, one.is_own), one]))

describe("lanes", () => {
  it("stand in the order they were asked, each with its siblings", () => {
    const lanes = lanesOf([sibling(3, 0), sibling(1, 1), sibling(0, 0), sibling(2, 2)], new Map())
    expect(lanes.map((lane) => [lane.index, lane.siblings.map((one) => one.variant), lane.shown.variant])).toEqual([
      [0, [0, 3], 3],
      [1, [1], 1],
      [2, [2], 2],
    ])
  })

  it("show the room's choice, and say when this person looks at another", () => {
    const variants = [sibling(0, 0), sibling(1, 0), sibling(2, 0)]
    expect(lanesOf(variants, choices(choice({ variant: 1 })))[0]).toMatchObject({ shown: { variant: 1 }, roomShown: null })
    const mine = lanesOf(variants, choices(choice({ variant: 2 }), choice({ variant: 1, is_own: true })))[0]
    expect(mine).toMatchObject({ shown: { variant: 1 }, roomShown: { variant: 2 } })
    expect(lanesOf(variants, choices(choice({ lane: -1, variant: 0 })))[0]?.shown.variant).toBe(0)
  })

  it("have letters", () => {
    expect([0, 1, 25, 26].map(letterOf)).toEqual(["A", "B", "Z", "27"])
  })

  it("have short names where those tell them apart", () => {
    expect(shortNamesOf(["GPT-5.1", "Claude Sonnet 4.5", "Claude Haiku", "Gemini 3 Pro"])).toEqual(["GPT-5.1", "Sonnet 4.5", "Haiku", "Gemini"])
    expect(shortNamesOf(["Scripted · Ada", "Scripted · Ben", "SmolLM2 Plain", "SmolLM2 Plain"])).toEqual(["Ada", "Ben", "SmolLM2 Plain", "SmolLM2 Plain"])
    expect(shortNamesOf(["Qwen", "Qwen Max"])).toEqual(["Qwen", "Max"])
  })
})

describe("columns", () => {
  it("follow the room's width", () => {
    expect([300, 627, 628, 956, 1284, 1374].map(capacityOf)).toEqual([1, 1, 2, 3, 4, 4])
  })

  it.each([
    [1, 3, 1, false, 0],
    [2, 4, 2, false, 0],
    [3, 3, 3, false, 0],
    [3, 2, 2, false, 0],
    [3, 1, 1, true, 0],
    [4, 4, 4, false, 0],
    [4, 3, 2, false, 0],
    [5, 3, 3, false, 12],
    [6, 4, 3, false, 12],
    [6, 2, 2, false, 12],
    [7, 4, 4, false, 6],
    [8, 3, 3, false, 6],
  ])("%i lanes where %i fit stand in %i", (count, capacity, columns, isPager, foldedTo) => {
    expect(layoutOf(count, capacity)).toEqual({ columns, isPager, foldedTo })
  })
})
