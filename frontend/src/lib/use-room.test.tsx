import { act, render, screen } from "@testing-library/react"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

import type { AnyEvent } from "@/lib/protocol"
import { RoomStore } from "@/lib/stream-store"
import { useTurn } from "@/lib/use-room"
import { answer, events, joined, live, MAIN, snapshot, THREAD } from "@/testing/make"

const delta = (at: number, text: string): AnyEvent => ({ type: "turn.delta", turn_id: "turn-2-0", attempt: 1, at, n: text.length, text })

function Words({ store, everyMs }: { store: RoomStore; everyMs: number }) {
  return <p>{useTurn(store, "turn-2-0", everyMs)?.text}</p>
}

describe("a turn that is watched", () => {
  let store: RoomStore
  let said = 0
  const say = (text: string) => act(() => void store.receive(events(++said, [delta(said - 1, text)])))

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["performance"] })
    vi.spyOn(Math, "random").mockReturnValue(0)
    said = 0
    store = new RoomStore(THREAD, MAIN, { schedule: (run) => run() })
    store.joined(joined({ snapshot: snapshot({ live: [live(answer(2, 0, "", { state: "streaming" }))] }) }))
  })
  afterEach(() => vi.useRealTimers())

  it("is told with every telling where it is in sight", () => {
    render(<Words store={store} everyMs={0} />)
    say("a")
    say("b")
    expect(screen.getByText("ab")).toBeInTheDocument()
  })

  it("is told now and then where it is out of sight, and at once when it comes into sight", () => {
    const { rerender, container } = render(<Words store={store} everyMs={800} />)
    say("a")
    expect(container.textContent).toBe("")
    vi.advanceTimersByTime(800)
    say("b")
    expect(container.textContent).toBe("ab")
    say("c")
    expect(container.textContent).toBe("ab")
    rerender(<Words store={store} everyMs={0} />)
    expect(container.textContent).toBe("abc")
  })
})
