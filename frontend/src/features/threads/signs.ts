/** What only news tells of threads: who writes there now, how often you were named since you read it, which are gone. */

import { makeStore, recall, remember, useStore } from "@/lib/store"

interface Signs {
  live: Readonly<Record<string, readonly number[]>>
  named: Readonly<Record<string, number>>
  gone: Readonly<Record<string, true>>
}

// How often you were named is told once, to the tabs that are open: this machine keeps it until you have been there.
const signs = makeStore<Signs>({ live: {}, named: keptNames(), gone: {} })
let kept = signs.get().named
signs.watch(() => {
  const { named } = signs.get()
  if (named !== kept) remember("named", Object.keys(named).length ? JSON.stringify(named) : null)
  kept = named
})

function keptNames(): Signs["named"] {
  try {
    const found: unknown = JSON.parse(recall("named") ?? "{}")
    return Object.fromEntries(Object.entries(found ?? {}).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && entry[1] > 0))
  } catch {
    return {}
  }
}

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

/** Forget all that named you: somebody else may sign in on this machine. */
export function forgetNamed(): void {
  signs.set((now) => ({ ...now, named: {} }))
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

/** At most one sign; if several apply: named, live, unread, private. Nothing is unread where you are, and what was read elsewhere names you no more. */
export function signOf({ named, live, unread, isPrivate, isOpen }: Standing): Sign | null {
  if (named && unread && !isOpen) return { kind: "named", count: named }
  if (live.length) return { kind: "live", slots: live }
  if (unread && !isOpen) return { kind: "unread", count: unread }
  return isPrivate ? { kind: "private" } : null
}
