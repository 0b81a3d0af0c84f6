import { useQueryClient } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { ChatSquareIcon } from "@solar-icons/react/linear/chat-square"
import { useCallback, useSyncExternalStore } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { when } from "@/lib/format"
import type { ThreadRow, ThreadView } from "@/lib/protocol"
import { keys } from "@/lib/query"
import type { Page } from "@/lib/types"

/** Threads that were started from this message hang on it by a corner line. */
export function StartedFrom({ messageId }: { messageId: string }) {
  const threads = useStartedFrom(messageId)
  return threads.map((thread) => (
    <Link
      key={thread.id}
      to="/p/$projectId/t/$threadId"
      params={{ projectId: thread.project_id, threadId: thread.id }}
      search={{}}
      className="started-from hover:text-ink"
    >
      <i />
      <ChatSquareIcon size={16} />
      <b className="cut font-medium text-ink">{thread.title || "New thread"}</b>
      <span className="num shrink-0 text-small text-ink-3">
        {when(thread.active_at)}
      </span>
    </Link>
  ))
}

const NONE: readonly ThreadView[] = []
interface Kept {
  data: unknown
  byMessage: ReadonlyMap<string, readonly ThreadView[]>
}
const kept = new WeakMap<object, Kept>()

/** The list of threads is cached beside the room; nothing is asked for a row. */
function useStartedFrom(messageId: string): readonly ThreadView[] {
  const { projectId } = useRoom()
  const client = useQueryClient()
  const watch = useCallback((listener: () => void) => client.getQueryCache().subscribe(listener), [client])
  return useSyncExternalStore(watch, () => {
    const data = client.getQueryData<{ pages: Page<ThreadRow>[] }>(keys.threads(projectId))
    if (!data) return NONE
    const known = kept.get(client)
    const byMessage = known?.data === data ? known.byMessage : group(data.pages)
    if (known?.data !== data) kept.set(client, { data, byMessage })
    return byMessage.get(messageId) ?? NONE
  })
}

function group(pages: readonly Page<ThreadRow>[]): Kept["byMessage"] {
  const found = new Map<string, ThreadView[]>()
  for (const { thread } of pages.flatMap((page) => page.items)) {
    if (!thread.parent_message_id || thread.archived_at) continue
    found.set(thread.parent_message_id, [...(found.get(thread.parent_message_id) ?? []), thread])
  }
  return found
}
