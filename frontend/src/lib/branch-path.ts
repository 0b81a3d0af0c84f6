/**
 * Which places belong to a branch. A branch owns what was written after its fork; everything before is its
 * parent's, cut at the fork, and so on up.
 */

import type { BranchView } from "@/lib/protocol"

interface PathRange {
  branchId: string
  from: number
  to: number
}

/** Give the branch's ranges, its own first. It ends early where a parent is not known yet. */
export function pathOf(branches: ReadonlyMap<string, BranchView>, branchId: string): PathRange[] {
  const path: PathRange[] = []
  let to = Infinity
  let next: string | null = branchId
  while (next !== null && !path.some((range) => range.branchId === next)) {
    const branch = branches.get(next)
    path.push({ branchId: next, from: (branch?.fork_seq ?? 0) + 1, to })
    if (!branch) break
    to = Math.min(to, branch.fork_seq)
    next = branch.parent_id
  }
  return path
}

export function isOnPath(path: readonly PathRange[], branchId: string, seq: number): boolean {
  return path.some((range) => range.branchId === branchId && seq >= range.from && seq <= range.to)
}
