/** What a person does to a thread. Shown at once, taken back with the server's words if it refuses. */

import { useQueryClient, type QueryClient } from "@tanstack/react-query"

import { toast } from "@/components/ui/toast"
import { findRow, patchRow, putThread } from "@/features/threads/queries"
import { api, wordsOf } from "@/lib/api"
import type { ThreadDetail, ThreadView } from "@/lib/protocol.gen"
import { keys } from "@/lib/query"

interface NewThread {
  title?: string
  is_private?: boolean
  people?: string[]
  line_up?: string[]
}

function keep(client: QueryClient, detail: ThreadDetail): ThreadDetail {
  client.setQueryData(keys.thread(detail.thread.id), detail)
  putThread(client, detail.thread, detail.read_seq)
  return detail
}

/** Give what can be done to threads; each returns when the server has answered. */
export function useThreadActions() {
  const client = useQueryClient()

  async function change(thread: ThreadView, what: { title?: string; is_archived?: boolean }): Promise<boolean> {
    // Coming back is not shown before the server says what is unread in it.
    const isShownAtOnce = what.is_archived !== false
    const before = findRow(client, thread.id)
    if (isShownAtOnce)
      putThread(client, { ...thread, ...(what.title !== undefined && { title: what.title }), ...(what.is_archived && { archived_at: new Date().toISOString() }) })
    try {
      keep(client, await api.patch<ThreadDetail>(`/threads/${thread.id}`, what))
      return true
    } catch (error) {
      if (isShownAtOnce) putThread(client, thread, before?.read_seq)
      toast({ text: wordsOf(error), isRefusal: true })
      return false
    }
  }

  async function create(projectId: string, what: NewThread): Promise<ThreadDetail> {
    return keep(client, await api.post<ThreadDetail>(`/projects/${projectId}/threads`, what))
  }

  async function archive(thread: ThreadView): Promise<void> {
    if (!(await change(thread, { is_archived: true }))) return
    toast({ text: <>Archived <b className="font-semibold">{thread.title || "the thread"}</b></>, undo: () => void bringBack(thread) })
  }

  async function bringBack(thread: ThreadView): Promise<void> {
    if (await change(thread, { is_archived: false })) await client.invalidateQueries({ queryKey: keys.threads(thread.project_id, true) })
  }

  /** As unread: from its last message on. As read: to its end. */
  async function markUnread(thread: ThreadView, isUnread: boolean): Promise<void> {
    const row = findRow(client, thread.id)
    const seq = isUnread ? Math.max(0, thread.head_seq - 1) : thread.head_seq
    const named = row?.named
    patchRow(client, thread.project_id, thread.id, (now) => ({ ...now, read_seq: seq, unread: thread.head_seq - seq, named: isUnread ? now.named : null }))
    try {
      await api.put(`/threads/${thread.id}/read`, { branch_id: thread.main_branch_id, seq, is_back: isUnread })
      if (!isUnread && named && named.branch_id !== thread.main_branch_id)
        await api.put(`/threads/${thread.id}/read`, { branch_id: named.branch_id, seq: named.seq, is_back: false })
    } catch (error) {
      if (row) patchRow(client, thread.project_id, thread.id, () => row)
      toast({ text: wordsOf(error), isRefusal: true })
    }
  }

  /** Throws the refusal: the dialog shows it. */
  async function setPeople(thread: ThreadView, userIds: string[]): Promise<void> {
    const detail = await api.put<ThreadDetail | null>(`/threads/${thread.id}/people`, { user_ids: userIds })
    if (detail) keep(client, detail)
    else patchRow(client, thread.project_id, thread.id, () => null)
  }

  return {
    create,
    rename: (thread: ThreadView, title: string) => change(thread, { title }),
    archive,
    bringBack,
    markUnread,
    setPeople,
  }
}
