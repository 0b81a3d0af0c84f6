import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

type Scheduling = typeof import("@/lib/schedule")

describe("telling React", () => {
  let frames: FrameRequestCallback[]
  let atNextFrame: Scheduling["atNextFrame"]
  let restFor: Scheduling["restFor"]
  const frame = () => frames.splice(0).forEach((run) => run(performance.now()))

  beforeEach(async () => {
    vi.useFakeTimers()
    frames = []
    vi.stubGlobal("requestAnimationFrame", (run: FrameRequestCallback) => frames.push(run))
    vi.advanceTimersByTime(10_000)
    vi.resetModules()
    ;({ atNextFrame, restFor } = await import("@/lib/schedule"))
  })
  afterEach(() => {
    vi.useRealTimers()
    Object.defineProperty(document, "hidden", { configurable: true, value: false })
  })

  it("waits for a frame and tells each once", () => {
    const run = vi.fn()
    atNextFrame(run)
    atNextFrame(run)
    expect(run).not.toHaveBeenCalled()
    frame()
    expect(run).toHaveBeenCalledTimes(1)
  })

  it("rests between two frames", () => {
    const run = vi.fn()
    atNextFrame(run)
    frame()
    atNextFrame(run)
    frame()
    expect(run).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(210)
    frame()
    expect(run).toHaveBeenCalledTimes(2)
  })

  it("takes an eighth of the time at most, and is never slower than five times a second", () => {
    expect([0, 6, 8, 10, 20, 400].map(restFor)).toEqual([50, 50, 64, 80, 160, 200])
  })

  it("tells a hidden tab without frames, and at once when it is looked at again", () => {
    const run = vi.fn()
    Object.defineProperty(document, "hidden", { configurable: true, value: true })
    atNextFrame(run)
    expect(frames).toHaveLength(0)
    vi.advanceTimersByTime(500)
    expect(run).toHaveBeenCalledTimes(1)
    atNextFrame(run)
    Object.defineProperty(document, "hidden", { configurable: true, value: false })
    document.dispatchEvent(new Event("visibilitychange"))
    expect(run).toHaveBeenCalledTimes(2)
  })
})
