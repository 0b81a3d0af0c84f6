import { act, fireEvent, render, screen } from "@testing-library/react"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

import { dismissToast, toast, Toaster } from "@/components/ui/toast"

beforeEach(() => {
  vi.useFakeTimers()
  render(<Toaster />)
})
afterEach(() => {
  dismissToast()
  vi.useRealTimers()
})
const say = (words: Parameters<typeof toast>[0]) => {
  act(() => toast(words))
}
const wait = (ms: number) => {
  act(() => void vi.advanceTimersByTime(ms))
}

describe("the toast", () => {
  it("stays six seconds, one at a time", () => {
    say({ text: "First" })
    say({ text: "Second" })
    expect(screen.queryByText("First")).toBeNull()
    wait(5900)
    expect(screen.getByText("Second")).toBeVisible()
    wait(200)
    expect(screen.queryByText("Second")).toBeNull()
  })

  it("waits while it is looked at", () => {
    say({ text: "Look" })
    fireEvent.pointerEnter(screen.getByText("Look").parentElement as Element)
    wait(20_000)
    expect(screen.getByText("Look")).toBeVisible()
    fireEvent.pointerLeave(screen.getByText("Look").parentElement as Element)
    wait(6100)
    expect(screen.queryByText("Look")).toBeNull()
  })

  it("is taken back by its button and by Z, once", () => {
    const undo = vi.fn()
    say({ text: "Archived", undo })
    fireEvent.click(screen.getByRole("button", { name: "Undo" }))
    fireEvent.keyDown(document.body, { key: "z" })
    expect(undo).toHaveBeenCalledOnce()
    say({ text: "Archived", undo })
    fireEvent.keyDown(document.body, { key: "z" })
    expect(undo).toHaveBeenCalledTimes(2)
  })

  it("does what waited for it only when nobody undid it", () => {
    const after = vi.fn()
    say({ text: "Removed", undo: () => undefined, after })
    fireEvent.keyDown(document.body, { key: "z" })
    wait(10_000)
    expect(after).not.toHaveBeenCalled()
    say({ text: "Removed", undo: () => undefined, after })
    wait(6100)
    expect(after).toHaveBeenCalledOnce()
  })
})
