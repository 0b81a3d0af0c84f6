import { describe, expect, it } from "vitest"

import { hasNews, placeOf, signOf, type Standing } from "@/features/threads/signs"
import { row } from "@/testing/cast"

const plain: Standing = { named: 0, live: [], unread: 0, isPrivate: false, isOpen: false }

describe("the one sign beside a thread's name", () => {
  it.each([
    ["nothing when all is read", {}, null],
    ["the count of unread", { unread: 3 }, "unread"],
    ["the lock of a private one", { isPrivate: true }, "private"],
    ["live before unread", { live: [1], unread: 3 }, "live"],
    ["being named before live", { named: 1, live: [1], unread: 3 }, "named"],
    ["being named in a branch beside, where nothing else is unread", { named: 1 }, "named"],
    ["unread before private", { unread: 1, isPrivate: true }, "unread"],
    ["nothing unread where you are", { unread: 3, isOpen: true }, null],
    ["no mention where you are, but who writes", { named: 1, live: [2], isOpen: true }, "live"],
  ] as const)("%s", (_, change, kind) => {
    expect(signOf({ ...plain, ...change })?.kind ?? null).toBe(kind)
  })
})

describe("where a thread opens", () => {
  it("is its main branch, but where another one names you", () => {
    const named = { count: 1, by: "Bob", branch_id: "a-main", seq: 4 }
    expect(placeOf({ ...row("a"), named })).toEqual({})
    expect(placeOf({ ...row("a"), named: { ...named, branch_id: "other" } })).toEqual({ branch: "other", at: 4 })
    expect([hasNews(row("a")), hasNews(row("a", {}, 1)), hasNews({ ...row("a"), named })]).toEqual([false, true, true])
  })
})
