/** Branches as an indented list: each under the one it was made from, in the order they were made. Pure. */

import type { BranchView } from "@/lib/protocol"

export interface TreeRow {
  branch: BranchView
  depth: number
  /** Places written after the fork. */
  own: number
}

export function branchTree(branches: readonly BranchView[]): TreeRow[] {
  const ids = new Set(branches.map((branch) => branch.id))
  const children = new Map<string | null, BranchView[]>()
  for (const branch of [...branches].sort((a, b) => a.created_at.localeCompare(b.created_at))) {
    // One whose parent is not shown stands where the parent would.
    const parent = branch.parent_id !== null && ids.has(branch.parent_id) ? branch.parent_id : null
    children.set(parent, [...(children.get(parent) ?? []), branch])
  }
  const rows: TreeRow[] = []
  const add = (parent: string | null, depth: number) => {
    for (const branch of children.get(parent) ?? []) {
      rows.push({ branch, depth, own: branch.head_seq - branch.fork_seq })
      add(branch.id, depth + 1)
    }
  }
  add(null, 0)
  return rows.sort((a, b) => (a.depth === 0 && b.depth === 0 ? Number(b.branch.is_main) - Number(a.branch.is_main) : 0))
}
