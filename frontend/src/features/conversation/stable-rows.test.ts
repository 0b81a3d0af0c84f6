import { describe, expect, it } from "vitest"

import { makeRows } from "@/features/conversation/rows"
import { isPrepended, stableRows } from "@/features/conversation/stable-rows"
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

  it("know when only older ones came", () => {
    const later = rows([said(5, "e")], 5)
    const all = rows([said(4, "d", { author: { kind: "person", id: "bob", name: "Bob" } }), said(5, "e")], 4)
    expect(isPrepended(later, all)).toBe(true)
    expect(isPrepended(all, rows([said(4, "d", { author: { kind: "person", id: "bob", name: "Bob" } }), said(5, "e"), said(6, "f")], 4))).toBe(false)
    expect(isPrepended([], all)).toBe(false)
  })
})
