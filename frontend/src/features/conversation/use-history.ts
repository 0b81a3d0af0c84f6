/** Pages of history, both ways, around the place that is looked at; each is asked for once at a time. */

import { useCallback, useEffect, useRef, useState } from "react"

import { loadPage } from "@/features/conversation/api"
import type { PageAsked } from "@/lib/room-pages"
import { segmentWith } from "@/lib/room-pages"
import type { Segment } from "@/lib/room-state"
import type { RoomStore } from "@/lib/stream-store"

export interface History {
  /** The place around which the room is shown; Infinity: its end. */
  anchor: number
  goTo: (seq: number) => void
  loadOlder: (segment: Segment) => void
  loadNewer: (segment: Segment) => void
  /** Asking failed; asking again is up to the person. */
  hasFailed: boolean
  retry: () => void
}

export function useHistory(store: RoomStore, threadId: string, branchId: string, first: number): History {
  const [anchor, setAnchor] = useState(first)
  const [hasFailed, setHasFailed] = useState(false)
  const underway = useRef(new Set<string>())

  const load = useCallback(
    (asked: PageAsked) => {
      const name = `${asked.way} ${asked.seq}`
      if (!branchId || underway.current.has(name)) return
      underway.current.add(name)
      loadPage(threadId, branchId, asked)
        .then((page) => {
          setHasFailed(false)
          store.addPage(page, asked)
        })
        .catch(() => setHasFailed(true))
        .finally(() => underway.current.delete(name))
    },
    [store, threadId, branchId],
  )

  const goTo = useCallback(
    (seq: number) => {
      if (seq !== Infinity && !segmentWith(store.current.view.segments, seq)) {
        load({ way: "before", seq: seq + 1 })
        load({ way: "after", seq })
      }
      setAnchor(seq)
    },
    [store, load],
  )

  useEffect(() => {
    if (branchId && first !== Infinity && !segmentWith(store.current.view.segments, first)) {
      load({ way: "before", seq: first + 1 })
      load({ way: "after", seq: first })
    }
  }, [store, branchId, first, load])

  const loadOlder = useCallback(
    (segment: Segment) => {
      if (segment.from > 0) load({ way: "before", seq: segment.from })
    },
    [load],
  )
  const loadNewer = useCallback(
    (segment: Segment) => {
      if (segment.to !== Infinity) load({ way: "after", seq: segment.to })
    },
    [load],
  )
  const retry = useCallback(() => setHasFailed(false), [])
  return { anchor, goTo, loadOlder, loadNewer, hasFailed, retry }
}
