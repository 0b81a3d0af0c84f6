/** Going elsewhere from a room: to a branch, to a place, to a thread that was just started. */

import { useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useCallback } from "react"

import { attempt } from "@/features/conversation/actions"
import { startThread } from "@/features/conversation/api"
import type { Message } from "@/lib/protocol"
import { keys } from "@/lib/query"

/** Give a way to open a branch of the thread; null is main. */
export function useGoToBranch(projectId: string, threadId: string): (branchId: string | null) => void {
  const navigate = useNavigate()
  return useCallback(
    (branchId) => void navigate({ to: "/p/$projectId/t/$threadId", params: { projectId, threadId }, search: branchId ? { branch: branchId } : {} }),
    [navigate, projectId, threadId],
  )
}

/** Give a way to start a thread from a message, and go there. */
export function useStartThread(projectId: string): (message: Message) => void {
  const navigate = useNavigate()
  const client = useQueryClient()
  return useCallback(
    (message) =>
      void attempt(async () => {
        const detail = await startThread(projectId, message)
        client.setQueryData(keys.thread(detail.thread.id), detail)
        await navigate({ to: "/p/$projectId/t/$threadId", params: { projectId, threadId: detail.thread.id }, search: {} })
      }),
    [projectId, navigate, client],
  )
}
