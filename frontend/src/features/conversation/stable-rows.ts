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

interface Step {
  rows: readonly Row[]
  /** All that is new stands before what was there: the list keeps its place from the end. */
  isShifted: boolean
  /** More came below at the same time; that is the next step. */
  isLast: boolean
}

/** Give the next rows to draw. The list takes what came above and what came below one after the other. */
export function nextStep(before: readonly Row[], after: readonly Row[]): Step {
  const first = before[0]
  const above = first ? after.findIndex((row) => row.key === first.key) : -1
  if (above <= 0) return { rows: after, isShifted: false, isLast: true }
  if (after.length === before.length + above) return { rows: after, isShifted: true, isLast: true }
  return { rows: [...after.slice(0, above), ...before], isShifted: true, isLast: false }
}
