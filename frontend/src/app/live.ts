/** News from the socket, written into the cached lists; after a break in the line they are loaded again. */

import { useQueryClient, type QueryClient } from "@tanstack/react-query"
import { useEffect } from "react"

import { findRow, patchRow, putThread } from "@/features/threads/queries"
import { clearLive, setGone, setLive } from "@/features/threads/signs"
import type { AnyNews, ProjectView } from "@/lib/protocol.gen"
import { askAgain, keys } from "@/lib/query"
import { onNews, onReconnect, watchProject } from "@/lib/socket"

/** Where the person is: what is said there is not new to them, and a project they are in needs no dot. */
export interface Here {
  projectId: string | undefined
  threadId: string | undefined
}

/** Apply one piece of news to the cache. */
export function applyNews(client: QueryClient, item: AnyNews, projectId: string | null, here: Here): void {
  if (projectId && item.type.startsWith("thread.")) askAgain(client, keys.threads(projectId))
  switch (item.type) {
    case "thread.listed":
      setGone(item.thread.id, false)
      // Long known to others, new to this list (brought back, or let in): only the server knows what was read of it.
      if (!item.thread.archived_at && item.thread.head_seq > 1 && !findRow(client, item.thread.id))
        void client.invalidateQueries({ queryKey: keys.threads(item.thread.project_id), exact: true })
      else putThread(client, item.thread)
      break
    case "thread.active": {
      setLive(item.thread_id, item.live_slots)
      if (!projectId) break
      const before = findRow(client, item.thread_id)
      const isKnown = patchRow(client, projectId, item.thread_id, (row) => {
        // Several servers tell, and one may be overtaken by another: a thread only grows.
        const headSeq = Math.max(row.thread.head_seq, item.head_seq)
        const readSeq = here.threadId === item.thread_id ? Math.max(row.read_seq, headSeq) : row.read_seq
        return {
          ...row,
          read_seq: readSeq,
          unread: Math.max(0, headSeq - readSeq),
          thread: { ...row.thread, head_seq: headSeq, active_at: item.head_seq < headSeq ? row.thread.active_at : item.active_at },
        }
      })
      // A row beyond the pages loaded so far: the first page has it, once it is asked for again.
      if (!isKnown && here.projectId === projectId) void client.invalidateQueries({ queryKey: keys.threads(projectId), exact: true })
      const isNew = !before || item.head_seq > before.thread.head_seq
      if (isNew && here.projectId !== projectId) markProject(client, projectId, true)
      break
    }
    case "thread.gone": {
      const row = findRow(client, item.thread_id)
      if (row) patchRow(client, row.thread.project_id, item.thread_id, () => null)
      setLive(item.thread_id, [])
      setGone(item.thread_id, true)
      break
    }
    case "thread.read": {
      const row = findRow(client, item.thread_id)
      if (row)
        patchRow(client, row.thread.project_id, item.thread_id, (now) => ({
          ...now,
          // The row counts its main branch.
          ...(item.branch_id === now.thread.main_branch_id && { read_seq: item.seq, unread: Math.max(0, now.thread.head_seq - item.seq) }),
          named: item.named,
        }))
      break
    }
    case "person.named":
      if (!projectId) break
      patchRow(client, projectId, item.thread_id, (row) => ({ ...row, named: item.named }))
      if (here.projectId !== projectId) markProject(client, projectId, true)
      break
    case "projects.changed":
      void client.invalidateQueries({ queryKey: keys.projects })
      void client.invalidateQueries({ queryKey: keys.members(item.project_id) })
      void client.invalidateQueries({ queryKey: keys.invites(item.project_id) })
      break
    case "models.changed":
      if (projectId) void client.invalidateQueries({ queryKey: keys.models(projectId) })
      else void client.invalidateQueries({ queryKey: ["project"], predicate: ({ queryKey }) => queryKey[2] === "models" })
      void client.invalidateQueries({ queryKey: keys.providers })
      break
  }
}

function markProject(client: QueryClient, projectId: string, hasNews: boolean): void {
  client.setQueryData<ProjectView[]>(keys.projects, (all) =>
    all?.map((project) => (project.id === projectId ? { ...project, has_news: hasNews } : project)),
  )
}

/** Keep the lists of these projects live while the shell is shown. */
export function useLive(projectIds: readonly string[], here: Here): void {
  const client = useQueryClient()
  const { projectId, threadId } = here
  const ids = projectIds.join(" ")

  useEffect(() => {
    const stop = ids.split(" ").filter(Boolean).map(watchProject)
    return () => stop.forEach((end) => end())
  }, [ids])

  useEffect(() => onNews((item, from) => applyNews(client, item, from, { projectId, threadId })), [client, projectId, threadId])

  useEffect(
    () =>
      onReconnect(() => {
        clearLive()
        void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "project" || queryKey[0] === "projects" || queryKey[0] === "thread" })
      }),
    [client],
  )

  // Where one is, nothing is new: the project's dot is asked for again on leaving.
  useEffect(() => {
    if (projectId) return () => void client.invalidateQueries({ queryKey: keys.projects, exact: true })
    return undefined
  }, [client, projectId])
}
