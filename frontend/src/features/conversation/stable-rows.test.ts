import { describe, expect, it } from "vitest"

import { makeRows } from "@/features/conversation/rows"
import { nextStep, stableRows } from "@/features/conversation/stable-rows"
import type { Message } from "@/lib/protocol"
import { answer, question, said } from "@/testing/make"

const rows = (messages: Message[], from = 0) =>
  makeRows({ view: { messages: new Map(messages.map((one) => [one.id, one])), segments: [{ from, to: Infinity }], choices: new Map(), runs: new Map() }, anchor: Infinity, outgoing: [], unread: null }).rows

describe("rows made anew", () => {
  const messages = [question(1, "Who?", ["a", "b"]), answer(2, 0, "A"), answer(2, 1, "B"), said(3, "Thanks")]

  it("stay the same where nothing changed", () => {
    const before = rows(messages)
    expect(stableRows(before, rows(messages))).toBe(before)
    const after = stableRows(before, rows([...messages, said(4, "More", { author: { kind: "person", id: "bob", name: "Bob" } })]))
    expect(after.slice(0, before.length)).toEqual(before)
    before.forEach((row, index) => expect(after[index]).toBe(row))
  })

  it("change where an answer did", () => {
    const before = rows(messages)
    const after = stableRows(before, rows(messages.map((one) => (one.body === "B" ? { ...one, body: "B!" } : one))))
    const changed = after.filter((row, index) => row !== before[index])
    expect(changed.map((row) => row.kind)).toEqual(["ask"])
  })

  const byBob = { author: { kind: "person" as const, id: "bob", name: "Bob" } }
  const three = (from: number) => rows([said(4, "d", byBob), said(5, "e"), said(6, "f", byBob)].slice(from - 4), from)

  it("take what came above with the place kept from the end", () => {
    expect(nextStep(three(5), three(4))).toEqual({ rows: three(4), isShifted: true, isLast: true })
    expect(nextStep(three(4), three(4))).toMatchObject({ isShifted: false, isLast: true })
    expect(nextStep([], three(4))).toMatchObject({ isShifted: false, isLast: true })
  })

  it("take what came above first, and what came below after it", () => {
    const middle = rows([said(5, "e")], 5)
    const step = nextStep(middle, three(4))
    expect(step.rows.map((row) => row.key)).toEqual(["place-4", "place-5"])
    expect(step).toMatchObject({ isShifted: true, isLast: false })
    expect(nextStep(step.rows, three(4))).toEqual({ rows: three(4), isShifted: false, isLast: true })
  })

  it("begin anew where another part of the thread is shown", () => {
    expect(nextStep(rows([said(90, "x")], 90), three(4))).toEqual({ rows: three(4), isShifted: false, isLast: true })
  })
})
