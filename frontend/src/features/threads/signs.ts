/** The signs of threads: what only news tells of them (who writes there now, which are gone), and which one a row shows. */

import type { ThreadRow } from "@/lib/protocol.gen"
import { makeStore, useStore } from "@/lib/store"

interface Signs {
  live: Readonly<Record<string, readonly number[]>>
  gone: Readonly<Record<string, true>>
}

const signs = makeStore<Signs>({ live: {}, gone: {} })

export function setLive(threadId: string, slots: readonly number[]): void {
  signs.set((now) => {
    const { [threadId]: before, ...live } = now.live
    if (slots.length) return { ...now, live: { ...live, [threadId]: slots } }
    return before ? { ...now, live } : now
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

/** At most one sign; if several apply: named, live, unread, private. Nothing is unread where you are, nor are you named there. */
export function signOf({ named, live, unread, isPrivate, isOpen }: Standing): Sign | null {
  if (named && !isOpen) return { kind: "named", count: named }
  if (live.length) return { kind: "live", slots: live }
  if (unread && !isOpen) return { kind: "unread", count: unread }
  return isPrivate ? { kind: "private" } : null
}

/** Does the thread hold something that this person has not read, or that names them? */
export function hasNews({ unread, named }: ThreadRow): boolean {
  return unread > 0 || named !== null
}

/** Where a thread opens: in its main branch, but where another one names you. */
export function placeOf({ thread, named }: ThreadRow): { branch?: string; at?: number } {
  return named && named.branch_id !== thread.main_branch_id ? { branch: named.branch_id, at: named.seq } : {}
}
