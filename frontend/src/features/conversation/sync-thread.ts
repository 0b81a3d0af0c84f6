/** What the room's stream says of its thread, told to the cached lists that others read. */

import type { QueryClient } from "@tanstack/react-query"

import type { BranchView, ThreadDetail } from "@/lib/protocol"
import { askAgain, keys } from "@/lib/query"
import type { RoomStore } from "@/lib/stream-store"

export function syncThread(client: QueryClient, store: RoomStore, threadId: string): () => void {
  const change = (patch: (detail: ThreadDetail) => ThreadDetail) =>
    client.setQueryData<ThreadDetail>(keys.thread(threadId), (detail) => (detail ? patch(detail) : detail))
  return store.watchEvents((event) => {
    switch (event.type) {
      case "thread.changed":
        change((detail) => ({ ...detail, thread: event.thread }))
        // Who may write in it, and who is in it, may have changed with it.
        void client.invalidateQueries({ queryKey: keys.thread(threadId) })
        break
      case "branch.created":
      case "branch.changed":
        addBranch(client, event.branch)
        askAgain(client, keys.thread(threadId))
        break
      case "member.changed": {
        const projectId = store.current.view.thread?.project_id
        if (projectId) void client.invalidateQueries({ queryKey: keys.members(projectId) })
        void client.invalidateQueries({ queryKey: keys.thread(threadId) })
        break
      }
    }
  })
}

/** Put a branch into the thread's cached list, or what has changed of it. */
export function addBranch(client: QueryClient, branch: BranchView): void {
  client.setQueryData<ThreadDetail>(keys.thread(branch.thread_id), (detail) => (detail ? { ...detail, branches: withBranch(detail.branches, branch) } : detail))
}

function withBranch(branches: readonly BranchView[], branch: BranchView): BranchView[] {
  return branches.some((one) => one.id === branch.id) ? branches.map((one) => (one.id === branch.id ? branch : one)) : [...branches, branch]
}
