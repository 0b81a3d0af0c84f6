import { describe, expect, it } from "vitest"

import { arrangeThreads, see, type ListItem, type Settled } from "@/features/threads/order"
import { row } from "@/testing/cast"

const now = new Date(2026, 10, 21, 14, 0)
const at = (daysAgo: number, hour = 9) => new Date(2026, 10, 21 - daysAgo, hour).toISOString()

function said(items: ListItem[]): string[] {
  return items.map((item) => (item.kind === "heading" ? `# ${item.age}` : `${item.isSub ? "- " : ""}${item.row.thread.id}`))
}
function settled(change: Partial<Settled> = {}): Settled {
  return { projectId: "ferryline", moments: new Map(), now, isHeld: false, ...change }
}

describe("the order of the list", () => {
  it("groups by age, newest first", () => {
    const rows = [row("old", { active_at: at(20) }), row("today", { active_at: at(0) }), row("week", { active_at: at(3) }), row("early", { active_at: at(0, 7) })]
    expect(said(arrangeThreads(rows, new Map(), now))).toEqual(["# Today", "today", "early", "# This week", "week", "# Earlier", "old"])
  })

  it("keeps a thread under the one it was started from, and lifts both by the younger", () => {
    const rows = [row("parent", { active_at: at(9) }), row("child", { active_at: at(0), parent_id: "parent" }), row("other", { active_at: at(0, 8) })]
    expect(said(arrangeThreads(rows, new Map(), now))).toEqual(["# Today", "parent", "- child", "other"])
  })

  it("shows a thread on its own when its parent is not in the list", () => {
    expect(said(arrangeThreads([row("child", { active_at: at(0), parent_id: "gone" })], new Map(), now))).toEqual(["# Today", "child"])
  })

  it("shows every thread of a long line of threads that were started from each other", () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => row(`t${index}`, { active_at: at(0), ...(index && { parent_id: `t${index - 1}` }) }))
    const items = said(arrangeThreads(rows, new Map(), now))
    expect(items).toHaveLength(3_001)
    expect(items.at(-1)).toBe("- t2999")
  })

  it("survives threads that name each other as parents", () => {
    const rows = [row("a", { parent_id: "b" }), row("b", { parent_id: "a" }), row("c", { active_at: at(0) })]
    expect(said(arrangeThreads(rows, new Map(), now))).toContain("c")
  })

  it("does not move a thread when something is said in it", () => {
    const state = settled()
    const before = [row("a", { active_at: at(0, 9) }), row("b", { active_at: at(0, 8) })]
    see(state, before, undefined)
    const after = see(state, [row("a", { active_at: at(0, 9) }), row("b", { active_at: at(0, 13) })], undefined)
    expect(said(arrangeThreads(after, state.moments, now))).toEqual(["# Today", "a", "b"])
  })

  it("puts a new thread on top", () => {
    const state = settled()
    see(state, [row("a", { active_at: at(0, 9) })], undefined)
    const after = see(state, [row("a", { active_at: at(0, 9) }), row("new", { active_at: at(0, 13) })], undefined)
    expect(said(arrangeThreads(after, state.moments, now))).toEqual(["# Today", "new", "a"])
  })

  it("holds new threads back while the pointer is over it, but not the one that is open", () => {
    const state = settled()
    see(state, [row("a")], undefined)
    state.isHeld = true
    const ids = see(state, [row("a"), row("new"), row("mine")], "mine").map(({ thread }) => thread.id)
    expect(ids).toEqual(["a", "mine"])
  })
})
