/** Rows are made anew with each change of structure; those that say the same stay the same objects. Pure. */

import type { Row } from "@/features/conversation/rows"

export function stableRows(before: readonly Row[], after: readonly Row[]): readonly Row[] {
  const known = new Map(before.map((row) => [row.key, row]))
  const rows = after.map((row) => {
    const old = known.get(row.key)
    return old && isSame(old, row, 0) ? old : row
  })
  return rows.length === before.length && rows.every((row, index) => row === before[index]) ? before : rows
}

const DEEP = 5

/** Messages and runs are frozen values: the same object or another. Rows and lanes are looked into. */
function isSame(a: unknown, b: unknown, depth: number): boolean {
  if (Object.is(a, b)) return true
  if (depth >= DEEP || typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length || "body" in a || "turns_total" in a) return false
  return names.every((name) => isSame((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], depth + 1))
}

/** This function will say whether rows were only added before the first one that was there. */
export function isPrepended(before: readonly Row[], after: readonly Row[]): boolean {
  const first = before[0]
  return first !== undefined && after.length > before.length && after[0]?.key !== first.key && after.at(-1)?.key === before.at(-1)?.key
}
