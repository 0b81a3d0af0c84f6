import { useSyncExternalStore } from "react"

/** A small value outside React that components may watch: set it anywhere, read it in any. */
export interface Store<T> {
  get: () => T
  set: (change: T | ((now: T) => T)) => void
  watch: (listener: () => void) => () => void
}

export function makeStore<T>(first: T): Store<T> {
  let value = first
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set: (change) => {
      const next = typeof change === "function" ? (change as (now: T) => T)(value) : change
      if (Object.is(next, value)) return
      value = next
      for (const tell of listeners) tell()
    },
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.watch, store.get)
}

/** Read a string this machine kept, or null; storage may be closed to us. */
export function recall(name: string): string | null {
  try {
    return localStorage.getItem(`parley.${name}`)
  } catch {
    return null
  }
}

/** Keep a string on this machine, or forget it (null). */
export function remember(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`parley.${name}`)
    else localStorage.setItem(`parley.${name}`, value)
  } catch {
    // Storage is closed to us; what was to be kept holds until the page is left.
  }
}
