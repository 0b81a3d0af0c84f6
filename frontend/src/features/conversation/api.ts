/** What a room asks of the server besides its events; each is one call, and the room hears of it as an event. */

import { api } from "@/lib/api"
import type { BranchView, ChoiceView, Message, ThreadDetail, Visibility } from "@/lib/protocol"
import type { HistoryPage, PageAsked } from "@/lib/room-pages"

export interface Revision {
  revision: number
  body: string
  editor_name: string
  edited_at: string
}

export interface Again {
  turn_id: string
  message_id: string
  seq: number
  variant: number
}

export interface PromptView {
  model_id: string
  model_name: string
  messages: { role: "system" | "user" | "assistant"; content: string; sources: string[] }[]
}

const PAGE = 50

export function loadPage(threadId: string, branchId: string, asked: PageAsked, signal?: AbortSignal): Promise<HistoryPage> {
  const query = { branch_id: branchId, limit: PAGE, [asked.way]: asked.seq }
  return api.get<HistoryPage>(`/threads/${threadId}/messages`, { query, ...(signal && { signal }) })
}

export const editMessage = (message: Message, body: string) => api.patch<Message>(`/messages/${message.id}`, { body, revision: message.revision ?? 1 })
export const deleteMessage = (messageId: string) => api.delete(`/messages/${messageId}`)
export const restoreMessage = (messageId: string) => api.post<Message>(`/messages/${messageId}/restore`)
export const loadRevisions = (messageId: string) => api.get<Revision[]>(`/messages/${messageId}/revisions`)

export const cancelTurn = (turnId: string) => api.post(`/turns/${turnId}/cancel`)
export const cancelRun = (runId: string) => api.post(`/runs/${runId}/cancel`)
export const tryNow = (turnId: string) => api.post(`/turns/${turnId}/try-now`)
export const askAgain = (turnId: string, modelId?: string) => api.post<Again>(`/turns/${turnId}/again`, modelId ? { model_id: modelId } : {})
export const loadPrompt = (turnId: string) => api.get<PromptView>(`/turns/${turnId}/prompt`)

interface Choosing {
  branch_id: string
  seq: number
  lane: number
  variant: number
  for: "room" | "me"
}
export const choose = (threadId: string, choosing: Choosing) => api.post<ChoiceView>(`/threads/${threadId}/choices`, choosing)

interface Forking {
  name: string
  from_branch_id: string
  seq: number
  variant: number
}
export const fork = (threadId: string, forking: Forking) => api.post<BranchView>(`/threads/${threadId}/branches`, forking)
export const changeBranch = (branchId: string, change: { name?: string; is_archived?: boolean }) => api.patch<BranchView>(`/branches/${branchId}`, change)

export const startThread = (projectId: string, { id, branch_id, seq, variant }: Message) =>
  api.post<ThreadDetail>(`/projects/${projectId}/threads`, { parent_message_id: id, parent_branch_id: branch_id, parent_seq: seq, parent_variant: variant })
export const setLineUp = (threadId: string, models: readonly string[]) => api.put<ThreadDetail>(`/threads/${threadId}/line-up`, { models })
export const setVisibility = (threadId: string, visibility: Visibility) => api.patch<ThreadDetail>(`/threads/${threadId}`, { visibility })
export const bringThreadBack = (threadId: string) => api.patch<ThreadDetail>(`/threads/${threadId}`, { is_archived: false })
export const markRead = (threadId: string, branchId: string, seq: number) => api.put(`/threads/${threadId}/read`, { branch_id: branchId, seq })
