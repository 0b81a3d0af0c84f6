/** What the list shows beside a name: who writes there now, and how often you were named since you read it. */

import { makeStore, useStore } from "@/lib/store"

interface Signs {
  live: Readonly<Record<string, readonly number[]>>
  named: Readonly<Record<string, number>>
}

const signs = makeStore<Signs>({ live: {}, named: {} })

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

/** This function will forget who is writing: after a break in the line nobody told us who stopped. */
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
