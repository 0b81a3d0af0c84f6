import { describe, expect, it } from "vitest"

import { applyEvents, applyJoined } from "@/lib/room"
import { applyPage, type HistoryPage, mergeSegments, segmentOf, segmentWith } from "@/lib/room-pages"
import { emptyRoom } from "@/lib/room-state"
import { events, joined, MAIN, said, snapshot, THREAD } from "@/testing/make"
import { seeded } from "@/testing/random"

const page = (from: number, to: number, has_more: boolean): HistoryPage => ({
  messages: Array.from({ length: to - from + 1 }, (_, index) => said(from + index, `${from + index}`)),
  has_more,
  choices: [],
})
const tail = (from: number) => applyJoined(emptyRoom(THREAD, MAIN), joined({ snapshot: snapshot({ messages: [said(from, `${from}`)], has_more: from > 1 }) }))

describe("pages of history", () => {
  it("say which places they cover", () => {
    expect(segmentOf(page(10, 19, true), { way: "before", seq: 20 })).toEqual({ from: 10, to: 19 })
    expect(segmentOf(page(1, 9, false), { way: "before", seq: 10 })).toEqual({ from: 0, to: 9 })
    expect(segmentOf(page(31, 40, true), { way: "after", seq: 30 })).toEqual({ from: 31, to: 40 })
    expect(segmentOf(page(31, 33, false), { way: "after", seq: 30 })).toEqual({ from: 31, to: Infinity })
    expect(segmentOf({ messages: [], has_more: false, choices: [] }, { way: "before", seq: 4 })).toEqual({ from: 0, to: 3 })
  })

  it("become one with what they touch, and leave a hole where they do not", () => {
    let state = applyPage(tail(500), page(450, 499, true), { way: "before", seq: 500 })
    expect(state.view.segments).toEqual([{ from: 450, to: Infinity }])
    state = applyPage(state, page(100, 149, true), { way: "before", seq: 150 })
    expect(state.view.segments).toEqual([{ from: 100, to: 149 }, { from: 450, to: Infinity }])
    state = applyPage(state, page(150, 449, true), { way: "after", seq: 149 })
    expect(state.view.segments).toEqual([{ from: 100, to: Infinity }])
  })

  it("never undo what an event said", () => {
    let state = tail(2)
    state = applyEvents(state, events(1, [{ type: "message.created", message: said(1, "new", { revision: 2 }) }]), 0)
    state = applyPage(state, { messages: [said(1, "old")], has_more: false, choices: [] }, { way: "before", seq: 2 })
    expect(state.view.messages.get("message-1-0")?.body).toBe("new")
  })

  it.each(Array.from({ length: 20 }, (_, seed) => seed))("merge into the same whatever their order, seed %i", (seed) => {
    const random = seeded(seed)
    const list = Array.from({ length: 12 }, () => {
      const from = random.int(60)
      return { from, to: from + random.int(8) }
    })
    const covered = (segments: readonly { from: number; to: number }[]) =>
      Array.from({ length: 70 }, (_, seq) => segmentWith(segments, seq) !== undefined)
    const merged = mergeSegments(list)
    expect(covered(merged)).toEqual(covered(list))
    expect(list.reduce<ReturnType<typeof mergeSegments>>((all, one) => mergeSegments([...all, one]), [])).toEqual(merged)
    merged.forEach((one, index) => index > 0 && expect(one.from).toBeGreaterThan((merged[index - 1]?.to ?? 0) + 1))
  })
})
