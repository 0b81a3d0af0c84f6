import { describe, expect, it } from "vitest"

import { age, day, inWords, list, money, plural, prices, seconds, size, until, when } from "@/lib/format"

const now = new Date(2026, 10, 21, 14, 52)
const on = (dayOfMonth: number, hour = 9, minute = 5, year = 2026) => new Date(year, 10, dayOfMonth, hour, minute)

describe("times", () => {
  it.each([
    [new Date(2026, 10, 21, 14, 51, 30), "now"],
    [on(21, 8, 12), "today, 08:12"],
    [on(20, 17, 20), "yesterday, 17:20"],
    [on(17), "Tuesday"],
    [on(14), "14 November"],
    [on(14, 9, 5, 2024), "14 November 2024"],
    [on(22), "tomorrow, 09:05"],
  ])("%s is said as %s", (at, said) => expect(when(at, now)).toBe(said))

  it.each([
    [on(21), "Today"],
    [on(20), "Yesterday"],
    [on(19), "Thursday 19 November"],
    [on(19, 9, 5, 2025), "Wednesday 19 November 2025"],
  ])("the day of %s is %s", (at, said) => expect(day(at, now)).toBe(said))

  it.each([
    [on(28), "7 days"],
    [on(22, 9, 0), "ends tomorrow 09:00"],
    [on(21, 17, 0), "ends today 17:00"],
    [on(20), "ended"],
  ])("an end at %s is %s", (at, said) => expect(until(at, now)).toBe(said))

  it.each([
    [on(21, 0, 1), "Today"],
    [on(20, 23, 59), "This week"],
    [on(15), "This week"],
    [on(14), "Earlier"],
  ])("%s stands under %s", (at, group) => expect(age(at, now)).toBe(group))
})

describe("figures", () => {
  it.each([
    [0, "free"],
    [0.0004, "under $0.001"],
    [0.018, "$0.018"],
    [1.4, "$1.40"],
    [null, null],
  ])("%s dollars are %s", (usd, said) => expect(money(usd)).toBe(said))

  it("says what a model reads and costs", () => {
    expect([size(8192), size(1_000_000), size(0), size(null)]).toEqual(["8k", "1M", "", ""])
    expect([prices(1.25, 10), prices(0, 0), prices(null, 2)]).toEqual(["1.25 / 10.00", "free", ""])
  })

  it("says how long something took", () => {
    expect([seconds(620), seconds(9400), seconds(72_000)]).toEqual(["0.62 s", "9.4 s", "1:12"])
  })

  it("counts in words while they are short", () => {
    expect([inWords(3), inWords(14), plural(1, "place"), plural(2, "person", "people"), plural(0, "thread")]).toEqual(["three", "14", "one place", "two people", "no threads"])
  })

  it("joins names", () => {
    expect([list([]), list(["Bob"]), list(["Bob", "Carol"]), list(["Bob", "Carol", "Dilan"])]).toEqual(["", "Bob", "Bob and Carol", "Bob, Carol and Dilan"])
  })
})
