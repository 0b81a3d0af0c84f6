import { useCallback } from "react"

import { attempt } from "@/features/conversation/actions"
import { fork } from "@/features/conversation/api"
import { nameFrom } from "@/features/conversation/branch-names"
import { useRoom } from "@/features/conversation/room-context"
import { useGoToBranch } from "@/features/conversation/use-go"
import { lanesOf } from "@/features/runs/lanes-of"
import { addOutgoing } from "@/lib/outgoing"
import type { Mode } from "@/lib/protocol"
import { learnBranches } from "@/lib/room"
import { stopTyping } from "@/lib/socket"
import { uuid } from "@/lib/uuid"

export interface Saying {
  body: string
  mode: Mode
  models: string[] | null
  rounds: number
  replyTo: number | null
}

/** Give two ways to say something: here, and in a new branch that goes on from here, which may be refused (false). */
export function useSend(): { send: (saying: Saying) => void; sendInBranch: (saying: Saying) => Promise<boolean> } {
  const { store, projectId, threadId, branchId, me } = useRoom()
  const goToBranch = useGoToBranch(projectId, threadId)

  const put = useCallback(
    ({ body, mode, models, rounds, replyTo }: Saying, inBranch: string, after: number) => {
      stopTyping()
      addOutgoing({
        client_id: uuid(),
        user_id: me.id,
        thread_id: threadId,
        branch_id: inBranch,
        body,
        mode,
        models,
        visibility: null,
        rounds,
        reply_to: replyTo,
        written_at: new Date().toISOString(),
        after_seq: after,
        state: "sending",
        reason: "",
        seq: null,
      })
    },
    [me.id, threadId],
  )
  const head = useCallback(() => Math.max(0, ...[...store.current.view.messages.values()].map((message) => message.seq)), [store])
  const send = useCallback((saying: Saying) => put(saying, branchId, head()), [put, branchId, head])
  const sendInBranch = useCallback(
    async (saying: Saying) => {
      const { messages, choices } = store.current.view
      const seq = head()
      const last = lanesOf([...messages.values()].filter((message) => message.seq === seq), choices)[0]?.shown
      if (!last) {
        put(saying, branchId, seq)
        return true
      }
      return attempt(async () => {
        const branch = await fork(threadId, { name: nameFrom(saying.body) || "branch", from_branch_id: branchId, seq, variant: last.variant })
        store.update((state) => learnBranches(state, [branch]))
        put(saying, branch.id, seq)
        goToBranch(branch.id)
      })
    },
    [store, head, put, branchId, threadId, goToBranch],
  )
  return { send, sendInBranch }
}
