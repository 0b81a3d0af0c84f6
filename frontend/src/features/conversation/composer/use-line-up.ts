import { useCallback, useMemo } from "react"

import { attempt } from "@/features/conversation/actions"
import { setLineUp as tell } from "@/features/conversation/api"
import { useRoom } from "@/features/conversation/room-context"
import type { ThreadView } from "@/lib/protocol"
import type { ModelView } from "@/lib/types"

/** Who answers in this thread: shown at once, kept by the server, seen by all; taken back if it is refused. */
export function useLineUp(thread: ThreadView): { lineUp: ModelView[]; setLineUp: (models: string[]) => void } {
  const { store, threadId, offered } = useRoom()
  const lineUp = useMemo(() => thread.line_up.flatMap((id) => offered.find((model) => model.model_id === id) ?? []), [thread.line_up, offered])
  const setLineUp = useCallback(
    (models: string[]) => {
      const before = store.current.view.thread
      const put = (line_up: string[]) =>
        store.update((state) => (state.view.thread ? { ...state, view: { ...state.view, thread: { ...state.view.thread, line_up } } } : state))
      put(models)
      void attempt(() => tell(threadId, models)).then((isDone) => {
        if (!isDone && before) put(before.line_up)
      })
    },
    [store, threadId],
  )
  return { lineUp, setLineUp }
}
