import { describe, expect, it, vi } from "vitest"

import { signOf, type Standing } from "@/features/threads/signs"

const plain: Standing = { named: 0, live: [], unread: 0, isPrivate: false, isOpen: false }

describe("the one sign beside a thread's name", () => {
  it.each([
    ["nothing when all is read", {}, null],
    ["the count of unread", { unread: 3 }, "unread"],
    ["the lock of a private one", { isPrivate: true }, "private"],
    ["live before unread", { live: [1], unread: 3 }, "live"],
    ["being named before live", { named: 1, live: [1], unread: 3 }, "named"],
    ["no mention that was read elsewhere", { named: 1 }, null],
    ["unread before private", { unread: 1, isPrivate: true }, "unread"],
    ["nothing unread where you are", { unread: 3, isOpen: true }, null],
    ["no mention where you are, but who writes", { named: 1, live: [2], isOpen: true }, "live"],
  ] as const)("%s", (_, change, kind) => {
    expect(signOf({ ...plain, ...change })?.kind ?? null).toBe(kind)
  })
})

describe("being named", () => {
  const load = async () => {
    vi.resetModules()
    return import("@/features/threads/signs")
  }

  it("is kept through a reload until one has been there, or somebody else signs in", async () => {
    const kept = new Map<string, string>()
    vi.stubGlobal("localStorage", {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => void kept.set(name, value),
      removeItem: (name: string) => void kept.delete(name),
    })
    const first = await load()
    first.addNamed("a")
    first.addNamed("a")
    first.addNamed("b")
    const second = await load()
    second.addNamed("a")
    second.clearNamed("b")
    expect([...kept.values()]).toEqual(['{"a":3}'])
    ;(await load()).forgetNamed()
    expect(kept.size).toBe(0)
    kept.set("parley.named", '{"a":"x","b":-1,"c":')
    await expect(load()).resolves.toBeDefined()
    vi.unstubAllGlobals()
  })
})
