/** What only news tells of threads: who writes there now, how often you were named since you read it, which are gone. */

import { makeStore, useStore } from "@/lib/store"

interface Signs {
  live: Readonly<Record<string, readonly number[]>>
  named: Readonly<Record<string, number>>
  gone: Readonly<Record<string, true>>
}

const signs = makeStore<Signs>({ live: {}, named: {}, gone: {} })

export function setLive(threadId: string, slots: readonly number[]): void {
  signs.set((now) => {
    const { [threadId]: before, ...live } = now.live
    if (slots.length) return { ...now, live: { ...live, [threadId]: slots } }
    return before ? { ...now, live } : now
  })
}

export function addNamed(threadId: string): void {
  signs.set((now) => ({ ...now, named: { ...now.named, [threadId]: (now.named[threadId] ?? 0) + 1 } }))
}

export function clearNamed(threadId: string): void {
  signs.set((now) => {
    const { [threadId]: before, ...named } = now.named
    return before ? { ...now, named } : now
  })
}

/** Say that a thread is no longer this person's to see, or is again. */
export function setGone(threadId: string, isGone: boolean): void {
  signs.set((now) => {
    const { [threadId]: before, ...gone } = now.gone
    if (isGone) return { ...now, gone: { ...gone, [threadId]: true } }
    return before ? { ...now, gone } : now
  })
}

/** Forget who is writing: after a break in the line nobody told us who stopped. */
export function clearLive(): void {
  signs.set((now) => ({ ...now, live: {} }))
}

export function useSigns(): Signs {
  return useStore(signs)
}

export type Sign =
  | { kind: "named"; count: number }
  | { kind: "live"; slots: readonly number[] }
  | { kind: "unread"; count: number }
  | { kind: "private" }

export interface Standing {
  named: number
  live: readonly number[]
  unread: number
  isPrivate: boolean
  isOpen: boolean
}

/** At most one sign; if several apply: named, live, unread, private. Nothing is unread where you are. */
export function signOf({ named, live, unread, isPrivate, isOpen }: Standing): Sign | null {
  if (named && !isOpen) return { kind: "named", count: named }
  if (live.length) return { kind: "live", slots: live }
  if (unread && !isOpen) return { kind: "unread", count: unread }
  return isPrivate ? { kind: "private" } : null
}
