import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

import type { Outgoing } from "@/lib/outgoing"
import { FakeSocket, hello } from "@/testing/fake-socket"
import { events, joined, MAIN, said, snapshot, THREAD } from "@/testing/make"

type Socket = typeof import("@/lib/socket")
type Mine = typeof import("@/lib/outgoing")
let socket: Socket
let mine: Mine

/** Longer than the page ever waits before it draws what came. */
const FRAMES_MS = 300

const outgoing = (change: Partial<Outgoing> = {}): Outgoing => ({
  client_id: "c-1",
  user_id: "alice",
  thread_id: THREAD,
  branch_id: MAIN,
  body: "Hello",
  mode: "talk",
  models: null,
  visibility: null,
  rounds: 2,
  reply_to: null,
  written_at: new Date().toISOString(),
  after_seq: 0,
  state: "sending",
  reason: "",
  seq: null,
  ...change,
})

async function load(): Promise<void> {
  vi.resetModules()
  socket = await import("@/lib/socket")
  mine = await import("@/lib/outgoing")
}

function open(): { store: ReturnType<Socket["joinRoom"]>["store"]; leave: () => void; join: string } {
  const room = socket.joinRoom(THREAD, null)
  if (FakeSocket.last.readyState !== 1) FakeSocket.last.greet()
  return { ...room, join: FakeSocket.last.of("join").at(-1)?.id ?? "" }
}

describe("the line", () => {
  beforeEach(async () => {
    vi.useFakeTimers()
    vi.stubGlobal("WebSocket", FakeSocket)
    vi.spyOn(Math, "random").mockReturnValue(0.5)
    FakeSocket.all = []
    await load()
  })
  afterEach(() => {
    socket.disconnect()
    vi.useRealTimers()
  })

  it("joins when it is up, and hears the room", () => {
    const { store, join } = open()
    expect(FakeSocket.last.of("join")[0]).toMatchObject({ thread_id: THREAD, branch_id: null, cursor: null })
    FakeSocket.last.say(joined({ re: join, snapshot: snapshot({ messages: [said(1, "One")] }) }))
    FakeSocket.last.say(events(1, [{ type: "message.created", message: said(2, "Two") }]))
    expect([...store.current.view.messages.values()].map((one) => one.body)).toEqual(["One", "Two"])
  })

  it("is lost at once when the machine loses its network, and back when it has it again", () => {
    open()
    const online = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false)
    dispatchEvent(new Event("offline"))
    expect(socket.getConnection()).toMatchObject({ state: "offline" })
    expect(socket.getConnection().since).not.toBeNull()
    online.mockRestore()
    dispatchEvent(new Event("online"))
    FakeSocket.last.greet()
    expect(socket.getConnection()).toMatchObject({ state: "connected", since: null })
  })

  it("comes back by itself with its cursor, after a wait that grows", () => {
    const { join } = open()
    FakeSocket.last.say(joined({ re: join, offset: 7 }))
    FakeSocket.last.drop()
    expect(socket.getConnection()).toMatchObject({ state: "reconnecting" })
    vi.advanceTimersByTime(150)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.drop()
    vi.advanceTimersByTime(290)
    expect(FakeSocket.all).toHaveLength(2)
    vi.advanceTimersByTime(20)
    expect(FakeSocket.all).toHaveLength(3)
    FakeSocket.last.greet()
    expect(FakeSocket.last.of("join")[0]?.cursor).toEqual({ epoch: "e1", offset: 7 })
    expect(socket.getConnection()).toMatchObject({ state: "connected", since: null })
  })

  it("is taken for dead after two and a half silent beats", () => {
    open()
    vi.advanceTimersByTime(24_000)
    expect(socket.getConnection().state).toBe("connected")
    vi.advanceTimersByTime(3_000)
    expect(socket.getConnection().state).not.toBe("connected")
  })

  it("answers each beat, so that a tab in the background stays alive", () => {
    open()
    FakeSocket.last.say({ type: "heartbeat", offsets: {} })
    expect(FakeSocket.last.of("heartbeat")).toHaveLength(1)
  })

  it("does what goodbye says", () => {
    open()
    FakeSocket.last.say({ type: "goodbye", code: "restart", reconnect: true, after_ms: 2000 })
    FakeSocket.last.drop(1012)
    vi.advanceTimersByTime(1900)
    expect(FakeSocket.all).toHaveLength(1)
    vi.advanceTimersByTime(400)
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.greet()
    FakeSocket.last.say({ type: "goodbye", code: "signed_out", reconnect: false })
    FakeSocket.last.drop(4401)
    vi.advanceTimersByTime(60_000)
    expect(FakeSocket.all).toHaveLength(2)
    expect(socket.getConnection()).toMatchObject({ state: "ended", ended: "signed_out" })
  })

  it("tries at once when the network is back, or somebody says so", () => {
    open()
    FakeSocket.last.drop()
    FakeSocket.last.drop()
    socket.retryConnection()
    expect(FakeSocket.all).toHaveLength(2)
    FakeSocket.last.drop()
    dispatchEvent(new Event("online"))
    expect(FakeSocket.all).toHaveLength(3)
  })

  it("hears news and watches its projects again after it was down", () => {
    const heard = vi.fn()
    const back = vi.fn()
    socket.onNews(heard)
    socket.onReconnect(back)
    const unwatch = socket.watchProject("p1")
    FakeSocket.last.greet()
    expect(FakeSocket.last.of("watch")[0]?.project_id).toBe("p1")
    FakeSocket.last.say({ type: "news", project_id: "p1", item: { type: "models.changed" } })
    expect(heard).toHaveBeenCalledWith({ type: "models.changed" }, "p1")
    expect(back).not.toHaveBeenCalled()
    FakeSocket.last.drop()
    vi.advanceTimersByTime(1000)
    FakeSocket.last.greet()
    expect(back).toHaveBeenCalledTimes(1)
    expect(FakeSocket.last.of("watch")).toHaveLength(1)
    unwatch()
    expect(FakeSocket.last.of("unwatch")).toHaveLength(1)
  })
})

describe("a room on the line", () => {
  beforeEach(async () => {
    vi.useFakeTimers()
    vi.stubGlobal("WebSocket", FakeSocket)
    vi.spyOn(Math, "random").mockReturnValue(0.5)
    FakeSocket.all = []
    await load()
  })
  afterEach(() => {
    socket.disconnect()
    vi.useRealTimers()
  })

  it("joins again with its cursor after a gap, and takes no events until it is answered", () => {
    const { store, join } = open()
    FakeSocket.last.say(joined({ re: join }))
    FakeSocket.last.say(events(4, [{ type: "message.created", message: said(4, "Four") }]))
    const again = FakeSocket.last.of("join").at(-1)
    expect(again?.cursor).toEqual({ epoch: "e1", offset: 0 })
    FakeSocket.last.say(events(5, [{ type: "message.created", message: said(5, "Five") }]))
    FakeSocket.last.say({ type: "joined", re: again?.id ?? "", thread_id: THREAD, epoch: "e1", offset: 5, recovered: true })
    FakeSocket.last.say(events(1, [{ type: "message.created", message: said(4, "Four") }], 5))
    expect(store.current.view.messages.size).toBe(1)
    expect(FakeSocket.last.of("join")).toHaveLength(2)
  })

  it("joins without a cursor on resync, and when words are missing", () => {
    const { join } = open()
    FakeSocket.last.say(joined({ re: join }))
    FakeSocket.last.say({ type: "resync", thread_id: THREAD, reason: "behind" })
    expect(FakeSocket.last.of("join").at(-1)?.cursor).toBeNull()
  })

  it("notices a lost last event by the second beat that is ahead", () => {
    const { join } = open()
    FakeSocket.last.say(joined({ re: join }))
    FakeSocket.last.say({ type: "heartbeat", offsets: { [THREAD]: 3 } })
    expect(FakeSocket.last.of("join")).toHaveLength(1)
    FakeSocket.last.say({ type: "heartbeat", offsets: { [THREAD]: 3 } })
    expect(FakeSocket.last.of("join")).toHaveLength(2)
  })

  it("does not ask without end when it is lost again and again", () => {
    const { join } = open()
    FakeSocket.last.say(joined({ re: join }))
    for (let n = 0; n < 20; n++) {
      FakeSocket.last.say({ type: "resync", thread_id: THREAD, reason: "behind" })
      FakeSocket.last.say(joined({ re: FakeSocket.last.of("join").at(-1)?.id ?? "" }))
    }
    expect(FakeSocket.last.of("join").length).toBeLessThan(7)
    vi.advanceTimersByTime(4_000)
    expect(FakeSocket.last.of("join").length).toBeGreaterThan(4)
  })

  it("is emptied when it is taken away, or was never ours", () => {
    const { store, join } = open()
    FakeSocket.last.say(joined({ re: join, snapshot: snapshot({ messages: [said(1, "One")] }) }))
    FakeSocket.last.say({ type: "revoked", thread_id: THREAD })
    expect(store.isRevoked).toBe(true)
    expect(store.current.view.messages.size).toBe(0)
    const other = socket.joinRoom("another", null)
    FakeSocket.last.say({ type: "error", re: FakeSocket.last.of("join").at(-1)?.id ?? "", code: "not_found", message: "There is nothing here for you." })
    expect(other.store.isRevoked).toBe(true)
  })

  it("is left a while after the last reader went, and shown at once when he comes back", () => {
    const { store, leave, join } = open()
    FakeSocket.last.say(joined({ re: join, offset: 3, snapshot: snapshot({ messages: [said(1, "One")] }) }))
    leave()
    vi.advanceTimersByTime(6_000)
    expect(FakeSocket.last.of("leave")).toHaveLength(1)
    const again = socket.joinRoom(THREAD, null)
    expect(again.store).toBe(store)
    expect(FakeSocket.last.of("join").at(-1)?.cursor).toEqual({ epoch: "e1", offset: 3 })
  })

  it("follows one branch at a time and keeps both", () => {
    const { store, join } = open()
    FakeSocket.last.say(joined({ re: join, offset: 3 }))
    const fork = socket.joinRoom(THREAD, "fork")
    expect(fork.store).not.toBe(store)
    expect(FakeSocket.last.of("join").at(-1)).toMatchObject({ branch_id: "fork", cursor: null })
    FakeSocket.last.say(events(4, [{ type: "message.created", message: said(1, "One") }]))
    expect(store.current.cursor?.offset).toBe(3)
    expect(socket.joinRoom(THREAD, null).store).toBe(store)
  })
})

describe("a message of mine", () => {
  beforeEach(async () => {
    vi.useFakeTimers()
    vi.stubGlobal("WebSocket", FakeSocket)
    vi.spyOn(Math, "random").mockReturnValue(0.5)
    FakeSocket.all = []
    await load()
  })
  afterEach(() => {
    socket.disconnect()
    vi.useRealTimers()
  })
  const ack = (change = {}) => FakeSocket.last.say({ type: "ack", re: FakeSocket.last.of("send").at(-1)?.id ?? "", seq: 1, message_id: "m", ...change })

  it("waits for the line and goes when it is up", async () => {
    const { join } = open()
    FakeSocket.last.say(joined({ re: join }))
    FakeSocket.last.drop()
    mine.addOutgoing(outgoing())
    expect(socket.getConnection().waiting).toBe(1)
    vi.advanceTimersByTime(1000)
    FakeSocket.last.greet()
    expect(FakeSocket.last.of("send")[0]).toMatchObject({ client_id: "c-1", body: "Hello", thread_id: THREAD })
    ack()
    await vi.advanceTimersByTimeAsync(0)
    expect(socket.getConnection().waiting).toBe(0)
  })

  it("is sent again, with the same id, when the line went before the answer", async () => {
    open()
    mine.addOutgoing(outgoing())
    FakeSocket.last.drop()
    await vi.advanceTimersByTimeAsync(1000)
    FakeSocket.last.greet()
    expect(FakeSocket.last.of("send")[0]?.client_id).toBe("c-1")
  })

  it("is sent again when nobody answers", async () => {
    open()
    mine.addOutgoing(outgoing())
    for (let beat = 0; beat < 2; beat++) {
      await vi.advanceTimersByTimeAsync(9_000)
      FakeSocket.last.say({ type: "heartbeat", offsets: {} })
    }
    expect(FakeSocket.last.of("send")).toHaveLength(2)
  })

  it("goes when its own event comes, before the answer or after it", async () => {
    const { join } = open()
    FakeSocket.last.say(joined({ re: join }))
    mine.addOutgoing(outgoing())
    FakeSocket.last.say(events(1, [{ type: "message.created", message: said(1, "Hello", { client_id: "c-1" }) }]))
    expect(mine.getOutgoing()).toHaveLength(1) // until the room is drawn with it
    await vi.advanceTimersByTimeAsync(FRAMES_MS)
    expect(mine.getOutgoing()).toEqual([])
    mine.addOutgoing(outgoing({ client_id: "c-2" }))
    ack({ seq: 2 })
    await vi.advanceTimersByTimeAsync(0)
    expect(mine.getOutgoing()[0]).toMatchObject({ client_id: "c-2", seq: 2 })
    FakeSocket.last.say(events(2, [{ type: "message.created", message: said(2, "Hello", { client_id: "c-2" }) }]))
    await vi.advanceTimersByTimeAsync(FRAMES_MS)
    expect(mine.getOutgoing()).toEqual([])
  })

  it("never leaves the page before its message stands there", async () => {
    const { join, store } = open()
    FakeSocket.last.say(joined({ re: join }))
    await vi.advanceTimersByTimeAsync(FRAMES_MS)
    mine.addOutgoing(outgoing())
    const isThere: boolean[] = []
    const look = () => void isThere.push(mine.getOutgoing().length > 0 || [...store.getView().messages.values()].some((one) => one.client_id === "c-1"))
    mine.watchOutgoing(() => queueMicrotask(look)) // React draws when the task is over
    store.watchView(() => queueMicrotask(look))
    FakeSocket.last.say(events(1, [{ type: "message.created", message: said(1, "Hello", { client_id: "c-1" }) }]))
    ack({ seq: 1 })
    for (let at = 0; at < FRAMES_MS; at += 10) {
      await vi.advanceTimersByTimeAsync(10)
      look()
    }
    expect(isThere).not.toContain(false)
    expect(mine.getOutgoing()).toEqual([])
  })

  it("is kept with the reason when it is refused, through a reload", async () => {
    open()
    mine.addOutgoing(outgoing())
    FakeSocket.last.say({ type: "error", re: FakeSocket.last.of("send")[0]?.id ?? "", code: "forbidden", message: "You can read here. Ask Carol to let you write." })
    await vi.advanceTimersByTimeAsync(0)
    expect(mine.getOutgoing()[0]).toMatchObject({ state: "refused", reason: "You can read here. Ask Carol to let you write." })
    await load()
    expect(mine.getOutgoing()[0]).toMatchObject({ client_id: "c-1", state: "refused" })
  })

  it("waits as long as it is told when it was too often", async () => {
    open()
    mine.addOutgoing(outgoing())
    FakeSocket.last.say({ type: "error", re: FakeSocket.last.of("send")[0]?.id ?? "", code: "too_many", message: "Too often.", retryable: true, retry_after_s: 7 })
    await vi.advanceTimersByTimeAsync(6_000)
    expect(FakeSocket.last.of("send")).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(1_500)
    expect(FakeSocket.last.of("send")).toHaveLength(2)
  })

  it("is never sent in another person's name", () => {
    socket.joinRoom(THREAD, null)
    FakeSocket.last.greet({ user: { id: "bob", name: "Bob" } })
    mine.addOutgoing(outgoing())
    expect(FakeSocket.last.of("send")).toEqual([])
    expect(hello.user.id).toBe("alice")
  })
})
