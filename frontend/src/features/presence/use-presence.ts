/** Who is in the room now, and who types. Nobody's reading is ever shown. */

import { useEffect, useMemo, useState } from "react"

import type { PersonView } from "@/lib/protocol"
import type { RoomView } from "@/lib/room-state"
import { getConnection, roomOf } from "@/lib/socket"
import { useFollowed } from "@/lib/use-room"

/** Everybody in the room, this person included. */
export function useHere(threadId: string): PersonView[] {
  const { present } = useFollowed(threadId)
  return useMemo(() => [...present], [present])
}

/** The others who are typing. */
export function useTyping(threadId: string): PersonView[] {
  return useTypists(threadId, useFollowed(threadId))
}

function useTypists(threadId: string, { typing }: RoomView): PersonView[] {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const ends = [...typing.values()].map((typist) => typist.until)
    if (!ends.length) return undefined
    // Somebody who ceased to type sends nothing more: the word passes by itself.
    const timer = setTimeout(() => {
      setNow(Date.now())
      roomOf(threadId)?.forgetTypists()
    }, Math.max(0, Math.min(...ends) - Date.now()) + 20)
    return () => clearTimeout(timer)
  }, [threadId, typing, now])
  const me = getConnection().hello?.user.id
  return useMemo(() => [...typing.values()].map((typist) => typist.person).filter((person) => person.id !== me), [typing, me])
}
