import { describe, expect, it } from "vitest"

import type { AnyEvent, AnyFrame, Events, Joined } from "@/lib/protocol"
import { applyEvents, applyJoined, forgetTypists, learnBranches } from "@/lib/room"
import { emptyRoom, type RoomState } from "@/lib/room-state"
import { FakeRoom, mergeDeltas } from "@/testing/fake-room"
import { answer, bob, branch, choice, events, joined, live, MAIN, question, said, snapshot, THREAD } from "@/testing/make"
import { seeded } from "@/testing/random"
import { sample, sampleNames } from "@/testing/samples"

const fresh = (change = {}) => applyJoined(emptyRoom(THREAD, MAIN), joined({ snapshot: snapshot(change) }))
const follow = (state: RoomState, ...list: AnyEvent[]) => applyEvents(state, events((state.cursor?.offset ?? 0) + 1, list), 1000)
const turnOf = (state: RoomState, id = "turn-2-0") => state.turns.get(id)

/** What people see: every message with its words, wherever they are kept. */
function shown(state: RoomState): unknown {
  const texts = new Map([...state.turns.values()].map((turn) => [turn.messageId, turn]))
  return [...state.view.messages.values()]
    .map((message) => {
      const turn = texts.get(message.id)
      return [message.seq, message.variant, turn?.text ?? message.body, message.state, turn?.text ? turn.attempt : 0, turn?.waiting ?? null, message.meta.earlier_attempts ?? []]
    })
    .sort()
}

describe("a room", () => {
  it("shows a model's words as they come", () => {
    const state = follow(
      fresh({ messages: [question(1, "Who gets the seat?", ["m:1"])] }),
      { type: "message.created", message: answer(2, 0, "", { state: "queued" }) },
      { type: "turn.started", turn_id: "turn-2-0", message_id: "message-2-0", attempt: 1, started_at: "" },
      { type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at: 0, n: 4, text: "The " },
      { type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at: 4, n: 2, text: "🪑." },
    )
    expect(turnOf(state)).toMatchObject({ text: "The 🪑.", next: 6, attempt: 1, askedAt: 1000, firstWordAt: 1000 })
    expect(state.view.messages.get("message-2-0")?.state).toBe("streaming")
  })

  it("leaves the structure alone while text comes", () => {
    const before = follow(
      fresh(),
      { type: "message.created", message: answer(2, 0, "", { state: "queued" }) },
      { type: "turn.started", turn_id: "turn-2-0", message_id: "message-2-0", attempt: 1, started_at: "" },
    )
    const after = follow(before, { type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at: 0, n: 4, text: "The " })
    expect(after.view).toBe(before.view)
    expect(after.turns).not.toBe(before.turns)
  })

  it("keeps the words a finished turn said", () => {
    const state = follow(
      fresh({ live: [live(answer(2, 0, "The ", { state: "streaming" }))] }),
      { type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at: 4, n: 4, text: "end." },
      { type: "turn.finished", turn_id: "turn-2-0", message_id: "message-2-0", attempt: 1, state: "complete", length: 8, meta: { tokens_out: 2 } },
    )
    expect(state.view.messages.get("message-2-0")).toMatchObject({ body: "The end.", state: "complete", meta: { tokens_out: 2 } })
    expect(state.turns.size).toBe(0)
  })

  it("keeps the words that were cut off, and begins again", () => {
    const earlier = { attempt: 1, text: "The datab", reason: "the server was started again", ended_at: "2025-11-21T14:32:30Z" }
    const state = follow(
      fresh({ live: [live(answer(2, 0, "The datab", { state: "streaming", meta: {} }))] }),
      { type: "turn.reset", turn_id: "turn-2-0", attempt: 2, earlier },
      { type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at: 9, n: 3, text: "ase" },
      { type: "turn.delta", turn_id: "turn-2-0", attempt: 2, at: 0, n: 2, text: "No" },
    )
    expect(turnOf(state)).toMatchObject({ text: "No", attempt: 2 })
    expect(state.view.messages.get("message-2-0")?.meta.earlier_attempts).toEqual([earlier])
  })

  it("takes only what it does not have of a delta that overlaps", () => {
    const state = follow(fresh({ live: [live(answer(2, 0, "a🪑c", { state: "streaming" }))] }), {
      type: "turn.delta",
      turn_id: "turn-2-0",
      attempt: 1,
      at: 1,
      n: 4,
      text: "🪑cde",
    })
    expect(turnOf(state)).toMatchObject({ text: "a🪑cde", next: 5 })
  })

  it("is lost when words are missing", () => {
    const room = fresh({ live: [live(answer(2, 0, "The ", { state: "streaming" }))] })
    expect(follow(room, { type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at: 9, n: 1, text: "x" }).lost).toBe("reset")
    expect(
      follow(room, { type: "turn.finished", turn_id: "turn-2-0", message_id: "message-2-0", attempt: 1, state: "complete", length: 99, meta: {} }).lost,
    ).toBe("reset")
  })

  it("goes by the cursor", () => {
    const room = follow(fresh(), { type: "message.created", message: said(1, "One") })
    const again = events(1, [{ type: "message.created", message: said(9, "Nine") }])
    expect(applyEvents(room, again, 0)).toBe(room)
    expect(applyEvents(room, events(3, []), 0).lost).toBe("gap")
    expect(applyEvents(room, { ...events(2, []), epoch: "e2" }, 0).lost).toBe("reset")
    expect(applyEvents(room, events(2, [{ type: "message.created", message: said(2, "Two") }], 6), 0).cursor?.offset).toBe(6)
  })

  it("keeps everything when the server recovered it", () => {
    const room = follow(fresh(), { type: "message.created", message: said(1, "One") })
    const back = applyJoined({ ...room, lost: "gap" }, { type: "joined", re: "2", thread_id: THREAD, epoch: "e1", offset: 9, recovered: true })
    expect(back.view).toBe(room.view)
    expect(back.cursor?.offset).toBe(1)
    expect(back.lost).toBeNull()
  })

  it("does not let a repeated announcement undo what happened since", () => {
    const created: AnyEvent = { type: "message.created", message: said(1, "One") }
    const state = follow(fresh(), created, { type: "message.edited", message: said(1, "Two", { revision: 2 }) }, created, {
      type: "message.edited",
      message: said(1, "One and a half", { revision: 1 }),
    })
    expect(state.view.messages.get("message-1-0")?.body).toBe("Two")
  })

  it("shows only what its branch holds", () => {
    const fork = branch({ id: "fork", name: "fork", parent_id: MAIN, fork_seq: 4, is_main: false })
    let room = applyJoined(learnBranches(emptyRoom(THREAD, "fork"), [branch()]), joined({ snapshot: snapshot({ branch: fork }) }))
    room = follow(
      room,
      { type: "message.created", message: said(4, "before the fork") },
      { type: "message.created", message: said(5, "after it, in main") },
      { type: "message.created", message: said(5, "after it, here", { id: "mine", branch_id: "fork" }) },
    )
    expect([...room.view.messages.values()].map((message) => message.body)).toEqual(["before the fork", "after it, here"])
  })

  it("knows how long each branch is, also those that are not looked at", () => {
    const fork = branch({ id: "fork", parent_id: MAIN, fork_seq: 4, head_seq: 4, is_main: false })
    const room = follow(learnBranches(fresh(), [fork]), { type: "message.created", message: said(5, "there", { branch_id: "fork" }) })
    expect(room.view.branches.get("fork")?.head_seq).toBe(5)
    expect(room.view.messages.size).toBe(0)
    expect(learnBranches(room, [fork]).view.branches.get("fork")?.head_seq).toBe(5)
  })

  it("does not make a branch or a thread shorter than what was announced in it", () => {
    const [thread, main] = [snapshot().thread, snapshot().branch]
    const room = follow(
      fresh(),
      { type: "message.created", message: said(7, "Hello") },
      { type: "branch.changed", branch: { ...main, name: "renamed", head_seq: 6 } },
      { type: "thread.changed", thread: { ...thread, title: "Renamed", head_seq: 6 } },
    )
    expect(room.view.branches.get(MAIN)).toMatchObject({ name: "renamed", head_seq: 7 })
    expect(room.view.thread).toMatchObject({ title: "Renamed", head_seq: 7 })
  })

  it("takes a change for what is so when the message itself is announced after it", () => {
    const message = said(7, "frist")
    const edited = { ...message, body: "first", revision: 2 }
    const room = follow(fresh(), { type: "message.edited", message: edited }, { type: "message.created", message })
    expect(room.view.messages.get(message.id)).toEqual(edited)
    const elsewhere = { ...edited, id: "of-another-branch", branch_id: "another" }
    expect(follow(fresh(), { type: "message.edited", message: elsewhere }).view.messages.has(elsewhere.id)).toBe(false)
    const notLoaded = fresh({ messages: [said(40, "Hello")], has_more: true })
    expect(follow(notLoaded, { type: "message.edited", message: edited }).view.messages.has(edited.id)).toBe(false)
  })

  it("tells a late comer how many answers are written at once, as it told everybody", () => {
    const waiting = live(answer(2, 0, "", { state: "queued" }), { position: 3, limit: 4 })
    expect(turnOf(fresh({ live: [waiting] }))?.waiting).toEqual({ why: "queue", position: 3, limit: 4, retryAt: null, error: null })
  })

  it("keeps the answer a branch was made from, whatever is chosen above", () => {
    const fork = branch({ id: "fork", parent_id: MAIN, fork_seq: 4, is_main: false })
    const room = applyJoined(learnBranches(emptyRoom(THREAD, "fork"), [branch()]), joined({ snapshot: snapshot({ branch: fork }) }))
    const after = follow(
      room,
      { type: "choice.changed", choice: choice({ seq: 4, variant: 2 }), by: "Bob" },
      { type: "choice.changed", choice: choice({ seq: 2, variant: 1 }), by: "Bob" },
      { type: "choice.changed", choice: choice({ branch_id: "fork", seq: 6, variant: 3 }), by: "Bob" },
    )
    expect([...after.view.choices.values()].map((one) => one.seq)).toEqual([2, 6])
  })

  it("knows who is here and who types", () => {
    let room = follow(fresh(), { type: "presence.changed", person: bob, is_here: true }, { type: "typing", person: bob, for_ms: 5000 })
    expect(room.view.present).toEqual([bob])
    expect(room.view.typing.get("bob")?.until).toBe(6000)
    expect(forgetTypists(room, 5999)).toBe(room)
    expect(forgetTypists(room, 6000).view.typing.size).toBe(0)
    room = follow(room, { type: "message.created", message: said(1, "Hello", { author: { kind: "person", id: "bob", name: "Bob" } }) })
    expect(room.view.typing.size).toBe(0)
  })

  it("takes no notice of what a newer server says", () => {
    const room = fresh()
    const frame = events(1, [{ type: "vote.cast", weight: 3 } as unknown as AnyEvent])
    expect(applyEvents(room, frame, 0).view).toBe(room.view)
  })
})

describe("any way the events come", () => {
  // A client that came early and one that comes now see the same, however the stream was cut, merged and repeated.
  it.each(Array.from({ length: 40 }, (_, seed) => seed))("gives what a fresh snapshot gives, seed %i", (seed) => {
    const random = seeded(seed)
    const room = new FakeRoom(random)
    for (let n = random.int(120); n > 0; n--) room.step()
    const start = room.log.length
    let client = applyJoined(emptyRoom(THREAD, MAIN), joined({ offset: start, snapshot: room.snapshot() }))
    for (let n = 150; n > 0; n--) room.step()
    const frames: Events[] = []
    for (let at = start; at < room.log.length; ) {
      const size = 1 + random.int(25)
      const piece = room.log.slice(at, at + size)
      frames.push(events(at + 1, random.int(2) ? mergeDeltas(piece) : piece, at + piece.length))
      at += size
    }
    for (const [index, frame] of frames.entries()) {
      client = applyEvents(client, frame, 0)
      if (random.int(3) === 0) client = applyEvents(client, frames[random.int(index + 1)] ?? frame, 0) // said twice
      expect(client.lost).toBeNull()
    }
    const late = applyJoined(emptyRoom(THREAD, MAIN), joined({ offset: room.log.length, snapshot: room.snapshot() }))
    expect(shown(client)).toEqual(shown(late))
  })

  it.each(Array.from({ length: 20 }, (_, seed) => seed))("bears a snapshot that is newer than its cursor, seed %i", (seed) => {
    const random = seeded(1000 + seed)
    const room = new FakeRoom(random)
    for (let n = 60; n > 0; n--) room.step()
    const cursor = Math.max(0, room.log.length - random.int(12))
    const early = joined({ offset: cursor, snapshot: room.snapshot() })
    for (let n = 40; n > 0; n--) room.step()
    let client = applyJoined(emptyRoom(THREAD, MAIN), early)
    client = applyEvents(client, events(cursor + 1, mergeDeltas(room.log.slice(cursor))), 0)
    expect(client.lost).toBeNull()
    const late = applyJoined(emptyRoom(THREAD, MAIN), joined({ offset: room.log.length, snapshot: room.snapshot() }))
    expect(shown(client)).toEqual(shown(late))
  })
})

describe("the server's own samples", () => {
  const room = applyJoined(emptyRoom("t", "b"), sample("frame.joined") as Joined)

  it("make a room", () => {
    expect(room.view.isLoaded).toBe(true)
    expect(room.view.messages.size).toBeGreaterThan(0)
    expect(room.lost).toBeNull()
  })

  it.each(sampleNames("event"))("%s is understood", (name) => {
    const event = sample(name) as AnyEvent
    const frame: Events = { ...(sample("frame.events") as Events), events: [event] }
    const state = applyEvents(room, { ...frame, epoch: room.cursor?.epoch ?? "", first: (room.cursor?.offset ?? 0) + 1, last: (room.cursor?.offset ?? 0) + 1 }, 0)
    expect(state.lost).toBeNull()
    expect(state.cursor?.offset).toBe((room.cursor?.offset ?? 0) + 1)
  })

  it("frame.events follows frame.joined", () => {
    const frame = sample("frame.events") as Events
    expect(applyEvents(room, frame, 0).cursor?.offset).toBe(frame.last)
  })

  it.each(sampleNames("frame"))("%s has a type", (name) => {
    expect((sample(name) as AnyFrame).type).toBe(name.replace("frame.", ""))
  })
})
