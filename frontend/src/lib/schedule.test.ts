import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

type Scheduling = typeof import("@/lib/schedule")

/** A frame is painted as soon as its scripts have run. */
class PaintedAtOnce {
  port1 = { onmessage: () => undefined as unknown }
  port2 = { postMessage: () => void this.port1.onmessage() }
}

describe("telling React", () => {
  let frames: FrameRequestCallback[]
  let atNextFrame: Scheduling["atNextFrame"]
  let restFor: Scheduling["restFor"]
  let mayDraw: Scheduling["mayDraw"]
  let drawNoMore: Scheduling["drawNoMore"]
  const frame = () => frames.splice(0).forEach((run) => run(performance.now()))

  beforeEach(async () => {
    vi.useFakeTimers()
    frames = []
    vi.stubGlobal("MessageChannel", PaintedAtOnce)
    vi.stubGlobal("requestAnimationFrame", (run: FrameRequestCallback) => frames.push(run))
    vi.advanceTimersByTime(10_000)
    vi.resetModules()
    ;({ atNextFrame, restFor, mayDraw, drawNoMore } = await import("@/lib/schedule"))
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

  describe("where a telling takes longer than a frame", () => {
    /** A telling that draws what it may, and writes down what. */
    const draw = (drawn: string[], name: string) => {
      const run = () => {
        if (mayDraw(run)) drawn.push(name)
      }
      return run
    }
    const names = ["a", "b", "c", "d", "e"]
    const tell = (drawn: string[]) => {
      const runs = names.map((name) => draw(drawn, name))
      runs.forEach((run) => atNextFrame(run))
      vi.advanceTimersByTime(210)
      frame()
      return runs
    }

    beforeEach(() => {
      atNextFrame(() => vi.advanceTimersByTime(40))
      frame()
      vi.advanceTimersByTime(210)
    })

    it("draws two texts in a frame and the others in those that follow", () => {
      const drawn: string[] = []
      tell(drawn)
      expect(drawn).toEqual(["a", "b"])
      frame()
      expect(drawn).toEqual(["a", "b", "c", "d"])
      frame()
      expect(drawn).toEqual(names)
      expect(frames).toHaveLength(0)
    })

    it("leaves out what went away before its turn", () => {
      const drawn: string[] = []
      const runs = tell(drawn)
      if (runs[2]) drawNoMore(runs[2])
      frame()
      expect(drawn).toEqual(["a", "b", "d", "e"])
    })

    it("draws everything at once when the tab is looked at again", () => {
      const drawn: string[] = []
      tell(drawn)
      atNextFrame(() => undefined)
      document.dispatchEvent(new Event("visibilitychange"))
      expect(drawn).toEqual(names)
      frame()
      expect(drawn).toEqual(names)
    })
  })

  it("draws any number of texts where a telling fits into a frame", () => {
    const drawn = vi.fn()
    for (let index = 0; index < 8; index += 1) {
      const run = () => {
        if (mayDraw(run)) drawn()
      }
      atNextFrame(run)
    }
    frame()
    expect(drawn).toHaveBeenCalledTimes(8)
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
