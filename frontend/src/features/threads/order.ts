/**
 * The order of the thread list. It does not jump: a thread keeps the place it had when the list was last
 * settled (opened, or come back to), whatever is said in it since. New ones come on top, but not while
 * the pointer is over the list.
 */

import { age, type Age } from "@/lib/format"
import type { ThreadRow } from "@/lib/protocol.gen"
import { makeStore } from "@/lib/store"

export type ListItem =
  | { kind: "heading"; age: Age }
  | { kind: "row"; row: ThreadRow; isSub: boolean }

/** When a thread was last active, as the settled list saw it. */
type Moments = ReadonlyMap<string, string>

/** Group rows by age, newest first; a thread started from a message stays under its parent. */
export function arrangeThreads(rows: readonly ThreadRow[], moments: Moments, now: Date): ListItem[] {
  const momentOf = (row: ThreadRow) => moments.get(row.thread.id) ?? row.thread.active_at
  const byId = new Map(rows.map((row) => [row.thread.id, row]))
  const children = new Map<string, ThreadRow[]>()
  const roots: { row: ThreadRow; moment: string }[] = []
  for (const row of rows) {
    const parent = row.thread.parent_id
    if (parent && byId.has(parent)) children.set(parent, [...(children.get(parent) ?? []), row])
    else roots.push({ row, moment: "" })
  }
  const newest = (some: ThreadRow[]) => some.toSorted((a, b) => momentOf(b).localeCompare(momentOf(a)))
  const family = (root: ThreadRow): ThreadRow[] => {
    const found: ThreadRow[] = []
    const left = [root]
    for (let row = left.pop(); row; row = left.pop()) {
      found.push(row)
      left.push(...newest(children.get(row.thread.id) ?? []).toReversed())
    }
    return found
  }

  const families = roots
    .map(({ row }) => family(row))
    .map((members) => ({ members, moment: members.map(momentOf).reduce((a, b) => (a > b ? a : b)) }))
    .sort((a, b) => b.moment.localeCompare(a.moment))

  const items: ListItem[] = []
  let last: Age | null = null
  for (const { members, moment } of families) {
    const group = age(moment, now)
    if (group !== last) items.push({ kind: "heading", age: group })
    last = group
    members.forEach((row, index) => items.push({ kind: "row", row, isSub: index > 0 }))
  }
  return items
}

/** The settled list of one project: what it has seen, and whether it holds still for the pointer. */
export interface Settled {
  projectId: string
  moments: Map<string, string>
  now: Date
  isHeld: boolean
}

export const settled = makeStore<Settled>({ projectId: "", moments: new Map(), now: new Date(), isHeld: false })

/** Let the list take its order anew, at a moment when nobody has it under their eyes. */
export function settle(projectId: string): void {
  settled.set({ projectId, moments: new Map(), now: new Date(), isHeld: false })
}

export function hold(isHeld: boolean): void {
  settled.set((state) => (state.isHeld === isHeld ? state : { ...state, isHeld }))
}

/** Give the rows to show now: all it knows, and new ones unless it is held; `openId` always. */
export function see(state: Settled, rows: readonly ThreadRow[], openId: string | undefined): ThreadRow[] {
  const isFirst = state.moments.size === 0
  const seen = rows.filter(({ thread }) => isFirst || !state.isHeld || thread.id === openId || state.moments.has(thread.id))
  for (const { thread } of seen) if (!state.moments.has(thread.id)) state.moments.set(thread.id, thread.active_at)
  return seen
}
