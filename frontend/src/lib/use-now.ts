import { useCallback, useEffect, useState, useSyncExternalStore } from "react"

import { atNextFrame } from "@/lib/schedule"
import { useIsLineLost } from "@/lib/socket"

/** One clock for all who ask: they are told in the same moment, together with the words that came, which makes it one frame and not many. */
class Clock {
  now = Date.now()
  timer: ReturnType<typeof setInterval> | undefined
  readonly listeners = new Set<() => void>()
  readonly tick = (): void => {
    this.now = Date.now()
    for (const tell of this.listeners) tell()
  }
}
const clocks = new Map<number, Clock>()

function clockOf(everyMs: number): Clock {
  const clock = clocks.get(everyMs) ?? new Clock()
  clocks.set(everyMs, clock)
  return clock
}

function watchClock(everyMs: number, listener: () => void): () => void {
  const clock = clockOf(everyMs)
  if (!clock.listeners.size) {
    clock.now = Date.now()
    clock.timer = setInterval(() => atNextFrame(clock.tick), everyMs)
  }
  clock.listeners.add(listener)
  return () => {
    clock.listeners.delete(listener)
    if (!clock.listeners.size) clearInterval(clock.timer)
  }
}

/** Give the time, told anew every so often while it matters. While the line is lost it stands still: nobody here knows what goes on. */
export function useNow(isOn: boolean, everyMs = 1000): number {
  const isRunning = !useIsLineLost() && isOn
  const watch = useCallback((listener: () => void) => (isRunning ? watchClock(everyMs, listener) : () => undefined), [isRunning, everyMs])
  return useSyncExternalStore(watch, () => clockOf(everyMs).now)
}

/** Say for `ms` after `isOn` went off that it has just gone off. */
export function useJustOff(isOn: boolean, ms: number): boolean {
  const [was, setWas] = useState(isOn)
  const [isRecent, setIsRecent] = useState(false)
  if (was !== isOn) {
    setWas(isOn)
    setIsRecent(!isOn)
  }
  useEffect(() => {
    if (!isRecent) return undefined
    const timer = setTimeout(() => setIsRecent(false), ms)
    return () => clearTimeout(timer)
  }, [isRecent, ms])
  return isRecent
}

const QUIET_MS = 700

/** Has nothing happened for a while? `lastAt` says when it last did, 0 for never; it is asked now and then, while that matters. */
export function useQuiet(isOn: boolean, lastAt: () => number): boolean {
  const watch = useCallback((listener: () => void) => (isOn ? watchClock(QUIET_MS, listener) : () => undefined), [isOn])
  return useSyncExternalStore(watch, () => isOn && lastAt() > 0 && Date.now() - lastAt() >= QUIET_MS)
}
