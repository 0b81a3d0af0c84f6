import { describe, expect, it } from "vitest"

import { signOf, type Standing } from "@/features/threads/signs"

const plain: Standing = { named: 0, live: [], unread: 0, isPrivate: false, isOpen: false }

describe("the one sign beside a thread's name", () => {
  it.each([
    ["nothing when all is read", {}, null],
    ["the count of unread", { unread: 3 }, "unread"],
    ["the lock of a private one", { isPrivate: true }, "private"],
    ["live before unread", { live: [1], unread: 3 }, "live"],
    ["being named before live", { named: 1, live: [1], unread: 3 }, "named"],
    ["unread before private", { unread: 1, isPrivate: true }, "unread"],
    ["nothing unread where you are", { unread: 3, isOpen: true }, null],
    ["no mention where you are, but who writes", { named: 1, live: [2], isOpen: true }, "live"],
  ] as const)("%s", (_, change, kind) => {
    expect(signOf({ ...plain, ...change })?.kind ?? null).toBe(kind)
  })
})
