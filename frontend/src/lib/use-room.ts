/** React's side of a room: join it while it is shown, watch its structure, or one turn of it. */

import { useCallback, useEffect, useState, useSyncExternalStore } from "react"

import { emptyRoom, type RoomView, type TurnText } from "@/lib/room-state"
import { holdRoom, joinRoom, roomOf, watchRooms } from "@/lib/socket"
import type { RoomStore } from "@/lib/stream-store"

const NOTHING: RoomView = emptyRoom("", "").view
const nothing = () => () => undefined

/** Follow the room while the component is shown; null only before its first effect has run. */
export function useJoin(threadId: string, branchId: string | null): RoomStore | null {
  const [joined, setJoined] = useState<{ key: string; store: RoomStore } | null>(null)
  const key = `${threadId}/${branchId ?? ""}`
  useEffect(() => {
    const room = joinRoom(threadId, branchId)
    setJoined({ key, store: room.store })
    return room.leave
  }, [threadId, branchId, key])
  return joined?.key === key ? joined.store : null
}

export function useRoomView(store: RoomStore | null): RoomView {
  return useSyncExternalStore(store?.watchView ?? nothing, store?.getView ?? (() => NOTHING))
}

/** Give a turn that is going on, as it grows, at most every so often; undefined when it is over or is none. */
export function useTurn(store: RoomStore, turnId: string | null | undefined, everyMs = 0): TurnText | undefined {
  const watch = useCallback((listener: () => void) => (turnId ? watchTurn(store, turnId, listener, everyMs) : nothing()), [store, turnId, everyMs])
  return useSyncExternalStore(watch, () => (turnId ? store.getTurn(turnId) : undefined))
}

/** Call the listener with every telling of a turn, or at most every so often; always when the turn is over. */
export function watchTurn(store: RoomStore, turnId: string, listener: () => void, everyMs = 0): () => void {
  if (!everyMs) return store.watchTurn(turnId, listener)
  const tell = seldom(listener, everyMs)
  return store.watchTurn(turnId, () => (store.getTurn(turnId) ? tell() : listener()))
}

/** The last telling may be left out: whoever wants it sooner watches anew. Several that watch seldom are not told together. */
function seldom(listener: () => void, everyMs: number): () => void {
  let toldAt = performance.now() - everyMs * Math.random()
  return () => {
    const now = performance.now()
    if (now - toldAt < everyMs) return
    toldAt = now
    listener()
  }
}

/** Give the view of a room that another part of the page follows: for the panel beside it. */
export function useFollowed(threadId: string): RoomView {
  useEffect(() => holdRoom(threadId), [threadId])
  const store = useSyncExternalStore(watchRooms, () => roomOf(threadId))
  return useRoomView(store)
}
