import { useCallback, useEffect, useLayoutEffect, useRef, useState, useSyncExternalStore } from "react"

/** One clock for all who ask: they are told in the same moment, which makes it one frame and not many. */
interface Clock {
  now: number
  listeners: Set<() => void>
  timer: ReturnType<typeof setInterval> | undefined
}
const clocks = new Map<number, Clock>()

function clockOf(everyMs: number): Clock {
  const clock = clocks.get(everyMs) ?? { now: Date.now(), listeners: new Set(), timer: undefined }
  clocks.set(everyMs, clock)
  return clock
}

function watchClock(everyMs: number, listener: () => void): () => void {
  const clock = clockOf(everyMs)
  const tick = () => {
    clock.now = Date.now()
    for (const tell of clock.listeners) tell()
  }
  if (!clock.listeners.size) {
    clock.now = Date.now()
    clock.timer = setInterval(tick, everyMs)
  }
  clock.listeners.add(listener)
  return () => {
    clock.listeners.delete(listener)
    if (!clock.listeners.size) clearInterval(clock.timer)
  }
}

/** Give the time, told anew every so often while it matters. */
export function useNow(isOn: boolean, everyMs = 1000): number {
  const watch = useCallback((listener: () => void) => (isOn ? watchClock(everyMs, listener) : () => undefined), [isOn, everyMs])
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

/** Has this stayed as it is for a while? Looked at now and then: whoever grows pays nothing for the question. */
export function useQuiet(value: unknown): boolean {
  const changed = useRef({ value, at: 0 })
  useLayoutEffect(() => {
    changed.current = { value, at: Date.now() }
  }, [value])
  const watch = useCallback((listener: () => void) => watchClock(QUIET_MS, listener), [])
  return useSyncExternalStore(watch, () => changed.current.at > 0 && Date.now() - changed.current.at >= QUIET_MS)
}
