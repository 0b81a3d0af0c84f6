import { act, render, screen } from "@testing-library/react"
import { describe, expect, it, vi } from "vitest"

import { RoomProvider } from "@/features/conversation/room-context"
import { Announcer } from "@/features/presence/announcer"
import { hereWords, typingWords } from "@/features/presence/who-line"
import type { RoomDoors } from "@/features/conversation/room-context"
import { RoomStore } from "@/lib/stream-store"
import { alice, answer, bob, carol, events, joined, live, MAIN, snapshot, THREAD } from "@/testing/make"

const dilan = { id: "dilan", name: "Dilan" }

describe("who is here", () => {
  it("is said in a few words", () => {
    expect(hereWords([])).toBeNull()
    expect(hereWords([carol])).toBe("Carol is here")
    expect(hereWords([bob, carol])).toBe("Bob and Carol are here")
    expect(hereWords([alice, bob, carol])).toBe("Alice, Bob and Carol are here")
    expect(hereWords([carol, alice, bob, dilan])).toBe("Carol and three more are here")
  })

  it("tells who types, by name up to two", () => {
    expect(typingWords([])).toBeNull()
    expect(typingWords([bob])).toEqual({ names: "Bob", verb: "is typing" })
    expect(typingWords([bob, carol])).toEqual({ names: "Bob and Carol", verb: "are typing" })
    expect(typingWords([alice, bob, carol])).toEqual({ names: "Three people", verb: "are typing" })
  })
})

describe("the polite voice", () => {
  it("says who begins and who is done, never the words, at most once in two seconds", () => {
    vi.useFakeTimers()
    const store = new RoomStore(THREAD, MAIN, { schedule: (run) => run() })
    store.joined(joined({ snapshot: snapshot({ live: [live(answer(2, 0, "", { state: "queued" })), live(answer(2, 1, "", { state: "queued" }))] }) }))
    render(
      <RoomProvider value={{ store } as RoomDoors}>
        <Announcer />
      </RoomProvider>,
    )
    const started = (lane: number) => ({ type: "turn.started" as const, turn_id: `turn-2-${lane}`, message_id: `message-2-${lane}`, attempt: 1, started_at: "" })
    const say = (first: number, ...list: Parameters<typeof events>[1]) =>
      act(() => {
        store.receive(events(first, list))
        vi.advanceTimersByTime(10)
      })
    say(1, started(0))
    expect(screen.getByRole("status")).toHaveTextContent("Model 1 is writing")
    say(2, started(1), { type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at: 0, n: 4, text: "Yes." })
    expect(screen.getByRole("status")).toHaveTextContent("Model 1 is writing")
    say(4, { type: "turn.finished", turn_id: "turn-2-0", message_id: "message-2-0", attempt: 1, state: "complete", length: 4, meta: { tokens_out: 486 } })
    act(() => {
      vi.advanceTimersByTime(2000)
    })
    expect(screen.getByRole("status")).toHaveTextContent("Model 2 is writing. Model 1 finished, 486 tokens")
    expect(screen.getByRole("status")).not.toHaveTextContent("Yes.")
    vi.useRealTimers()
  })
})
