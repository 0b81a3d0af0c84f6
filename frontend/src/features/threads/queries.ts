/** The thread list as the server tells it, and the ways to change the cached one in place. */

import { infiniteQueryOptions, type InfiniteData, type QueryClient } from "@tanstack/react-query"

import { api } from "@/lib/api"
import type { ThreadDetail, ThreadRow, ThreadView } from "@/lib/protocol.gen"
import { keys } from "@/lib/query"
import type { Page } from "@/lib/types"

const PAGE = 100

export type ThreadPages = InfiniteData<Page<ThreadRow>, string | null>

export const threadsQuery = (projectId: string, archived = false) =>
  infiniteQueryOptions({
    queryKey: keys.threads(projectId, archived),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<ThreadRow>>(`/projects/${projectId}/threads`, {
        query: { archived: archived || null, cursor: pageParam, limit: PAGE },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  })

export function rowsOf(pages: { pages: Page<ThreadRow>[] } | undefined): ThreadRow[] {
  return pages?.pages.flatMap((page) => page.items) ?? []
}

/** Change one row of the cached list; null takes it out. A list not loaded stays so. */
export function patchRow(client: QueryClient, projectId: string, threadId: string, change: (row: ThreadRow) => ThreadRow | null): boolean {
  let isFound = false
  client.setQueryData<ThreadPages>(keys.threads(projectId), (pages) => {
    if (!pages) return pages
    return {
      ...pages,
      pages: pages.pages.map((page) => ({
        ...page,
        items: page.items.flatMap((row) => {
          if (row.thread.id !== threadId) return [row]
          isFound = true
          const next = change(row)
          return next ? [next] : []
        }),
      })),
    }
  })
  return isFound
}

/** Put a thread into the cached list: in its row, as a new row, or out when it is archived. */
export function putThread(client: QueryClient, thread: ThreadView, readSeq = 0): void {
  client.setQueryData<ThreadDetail>(keys.thread(thread.id), (detail) => (detail ? { ...detail, thread } : detail))
  const isArchived = Boolean(thread.archived_at)
  const isFound = patchRow(client, thread.project_id, thread.id, (row) => (isArchived ? null : { ...row, thread: newer(row.thread, thread) }))
  if (isArchived || isFound) {
    if (isArchived) void client.invalidateQueries({ queryKey: keys.threads(thread.project_id, true) })
    return
  }
  client.setQueryData<ThreadPages>(keys.threads(thread.project_id), (pages) => {
    const [first, ...rest] = pages?.pages ?? []
    if (!pages || !first) return pages
    const row: ThreadRow = { thread, unread: Math.max(0, thread.head_seq - readSeq), read_seq: readSeq, read_at: null, named: null }
    return { ...pages, pages: [{ ...first, items: [row, ...first.items] }, ...rest] }
  })
}

/** What is told stands, but for what only grows and may have been told of already. */
function newer(known: ThreadView, told: ThreadView): ThreadView {
  return known.head_seq > told.head_seq ? { ...told, head_seq: known.head_seq, active_at: known.active_at } : told
}

/** Find the row in any project's cached list. */
export function findRow(client: QueryClient, threadId: string): ThreadRow | undefined {
  for (const [, pages] of client.getQueriesData<ThreadPages>({ queryKey: ["project"], predicate: ({ queryKey }) => queryKey[2] === "threads" }))
    for (const row of rowsOf(pages)) if (row.thread.id === threadId) return row
  return undefined
}
