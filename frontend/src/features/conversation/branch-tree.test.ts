import { describe, expect, it } from "vitest"

import { branchName } from "@/features/conversation/branch-names"
import { branchTree } from "@/features/conversation/branch-tree"
import { branch, MAIN } from "@/testing/make"

const at = (minute: number) => `2025-11-21T14:${String(minute).padStart(2, "0")}:00Z`

describe("branches", () => {
  it("stand under the one they were made from", () => {
    const list = [
      branch({ id: "c", name: "c", parent_id: "a", fork_seq: 8, head_seq: 9, is_main: false, created_at: at(3) }),
      branch({ id: "b", name: "b", parent_id: MAIN, fork_seq: 4, head_seq: 4, is_main: false, created_at: at(2) }),
      branch({ id: "a", name: "a", parent_id: MAIN, fork_seq: 4, head_seq: 9, is_main: false, created_at: at(1) }),
      branch({ head_seq: 12, created_at: at(0) }),
    ]
    expect(branchTree(list).map((row) => [row.branch.name, row.depth, row.own])).toEqual([
      ["main", 0, 12],
      ["a", 1, 5],
      ["c", 2, 1],
      ["b", 1, 0],
    ])
  })

  it("whose parent is archived stand where it stood", () => {
    const list = [branch({ created_at: at(0) }), branch({ id: "c", name: "c", parent_id: "gone", is_main: false, created_at: at(3) })]
    expect(branchTree(list).map((row) => [row.branch.name, row.depth])).toEqual([["main", 0], ["c", 0]])
  })

  it("get their name from the first words", () => {
    expect(branchName({ body: "**What if** the hold is four minutes? And then?" })).toBe("what if the hold")
    expect(branchName({ body: "🪑" })).toBe("branch")
  })
})
