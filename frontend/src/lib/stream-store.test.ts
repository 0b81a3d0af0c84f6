import { beforeEach, describe, expect, it, vi } from "vitest"

import type { AnyEvent } from "@/lib/protocol"
import { RoomStore } from "@/lib/stream-store"
import { sha256 } from "@/lib/verify"
import { answer, events, joined, live, MAIN, snapshot, THREAD } from "@/testing/make"

let frames: (() => void)[]
const frame = () => frames.splice(0).forEach((run) => run())
const schedule = (run: () => void) => {
  if (!frames.includes(run)) frames.push(run)
}
const delta = (at: number, text: string): AnyEvent => ({ type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at, n: text.length, text })
const finished = (length: number, hash: string): AnyEvent => ({
  type: "turn.finished",
  turn_id: "turn-2-0",
  message_id: "message-2-0",
  attempt: 1,
  state: "complete",
  length,
  meta: { text_sha256: hash },
})

function opened(options: { fetchMessage?: () => Promise<never> | Promise<ReturnType<typeof answer>> } = {}): RoomStore {
  const store = new RoomStore(THREAD, MAIN, { schedule, ...options })
  store.joined(joined({ snapshot: snapshot({ live: [live(answer(2, 0, "", { state: "streaming" })), live(answer(2, 1, "", { state: "streaming" }))] }) }))
  frame()
  return store
}

describe("a room's store", () => {
  beforeEach(() => {
    frames = []
  })

  it("tells once a frame, however much came", () => {
    const store = opened()
    const tell = vi.fn()
    store.watchTurn("turn-2-0", tell)
    for (let at = 0; at < 50; at++) store.receive(events(at + 1, [delta(at, "x")]))
    expect(tell).not.toHaveBeenCalled()
    frame()
    expect(tell).toHaveBeenCalledTimes(1)
    expect(store.getTurn("turn-2-0")?.text).toHaveLength(50)
  })

  it("wakes nobody but who watches that turn", () => {
    const store = opened()
    const [mine, other, structure] = [vi.fn(), vi.fn(), vi.fn()]
    store.watchTurn("turn-2-0", mine)
    store.watchTurn("turn-2-1", other)
    store.watchView(structure)
    store.receive(events(1, [delta(0, "The ")]))
    frame()
    expect([mine, other, structure].map((fn) => fn.mock.calls.length)).toEqual([1, 0, 0])
  })

  it("shows nothing half: structure and text change in the same frame", () => {
    const store = opened()
    store.receive(events(1, [delta(0, "End."), finished(4, "")]))
    expect(store.getView().messages.get("message-2-0")?.state).toBe("streaming")
    frame()
    expect(store.getView().messages.get("message-2-0")).toMatchObject({ state: "complete", body: "End." })
    expect(store.getTurn("turn-2-0")).toBeUndefined()
  })

  it("says that something is missing", () => {
    const store = opened()
    expect(store.receive(events(7, [delta(0, "x")]))).toBe("gap")
    expect(opened().receive(events(1, [delta(4, "x")]))).toBe("reset")
  })

  it("believes words that fit their hash", async () => {
    const fetchMessage = vi.fn(() => Promise.resolve(answer(2, 0, "Another end.")))
    const store = opened({ fetchMessage })
    store.receive(events(1, [delta(0, "End."), finished(4, (await sha256("End.")) ?? "")]))
    await new Promise((done) => setTimeout(done, 30))
    expect(fetchMessage).not.toHaveBeenCalled()
    expect(store.mismatches).toBe(0)
  })

  it("loads a message anew whose words do not fit their hash, and says so in the log", async () => {
    const said = vi.fn()
    vi.stubGlobal("reportError", said)
    const fetchMessage = vi.fn(() => Promise.resolve(answer(2, 0, "The true end.")))
    const store = opened({ fetchMessage })
    store.receive(events(1, [delta(0, "End."), finished(4, "00ff")]))
    await vi.waitFor(() => expect(store.current.view.messages.get("message-2-0")?.body).toBe("The true end."))
    expect(fetchMessage).toHaveBeenCalledWith("message-2-0")
    expect(store.mismatches).toBe(1)
    expect(said).toHaveBeenCalledTimes(1)
  })

  it("drops all it shows when the room is taken away", () => {
    const store = opened()
    store.revoke()
    frame()
    expect(store.isRevoked).toBe(true)
    expect(store.getView().messages.size).toBe(0)
  })
})
