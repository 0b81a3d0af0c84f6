import { useEffect, useRef, useSyncExternalStore } from "react"

import { markRead } from "@/features/conversation/api"
import { useRoom } from "@/features/conversation/room-context"
import { useRoomView } from "@/lib/use-room"

const AFTER_MS = 800

function watchSight(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener)
  return () => document.removeEventListener("visibilitychange", listener)
}

/** Tell the server how far this person has read, while the end of the room is before their eyes. */
export function useReadMark({ isAtEnd }: { isAtEnd: boolean }): void {
  const { store, threadId, branchId } = useRoom()
  const { messages } = useRoomView(store)
  const isSeen = useSyncExternalStore(watchSight, () => !document.hidden)
  const marked = useRef(0)
  let head = 0
  for (const message of messages.values()) head = Math.max(head, message.seq)
  useEffect(() => {
    if (!isAtEnd || !isSeen || head <= marked.current) return undefined
    const timer = setTimeout(() => {
      const before = marked.current
      marked.current = head
      // Not told: it is told with the next message, or at the next visit.
      markRead(threadId, branchId, head).catch(() => (marked.current = before))
    }, AFTER_MS)
    return () => clearTimeout(timer)
  }, [threadId, branchId, head, isAtEnd, isSeen])
}
