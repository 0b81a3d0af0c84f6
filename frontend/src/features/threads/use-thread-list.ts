import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { useEffect, useMemo } from "react"

import { arrangeThreads, see, settle, settled, type ListItem } from "@/features/threads/order"
import { rowsOf, threadsQuery } from "@/features/threads/queries"
import { useSigns } from "@/features/threads/signs"
import { when } from "@/lib/format"
import type { ThreadRow } from "@/lib/protocol.gen"
import { modelsQuery } from "@/lib/queries"
import { useStore } from "@/lib/store"

/** The rows of the list as it was last shown, for keys that walk it from elsewhere. */
let shown: { rows: readonly ThreadRow[]; openId: string | undefined } = { rows: [], openId: undefined }

export function shownRows(): typeof shown {
  return shown
}

interface ThreadListState {
  items: ListItem[]
  count: number
  isLoading: boolean
  error: Error | null
  /** Asks for the next hundred when there are more. */
  loadMore: () => void
  noteOf: (row: ThreadRow) => string
}

/** Give the list as it stands now: what the server said, in an order that does not jump. */
export function useThreadList(projectId: string, openId: string | undefined): ThreadListState {
  const query = useInfiniteQuery(threadsQuery(projectId))
  const models = useQuery(modelsQuery(projectId)).data
  const { live } = useSigns()
  const state = useStore(settled)

  useEffect(() => {
    settle(projectId)
    const settleAgain = () => document.visibilityState === "visible" && settle(projectId)
    document.addEventListener("visibilitychange", settleAgain)
    return () => document.removeEventListener("visibilitychange", settleAgain)
  }, [projectId])

  const items = useMemo(() => {
    const rows = rowsOf(query.data)
    if (state.projectId !== projectId) return arrangeThreads(rows, new Map(), new Date())
    return arrangeThreads(see(state, rows, openId), state.moments, state.now)
  }, [query.data, state, projectId, openId])

  useEffect(() => {
    shown = { rows: items.flatMap((item) => (item.kind === "row" ? [item.row] : [])), openId }
  }, [items, openId])

  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  return {
    items,
    count: query.data ? items.reduce((sum, item) => sum + Number(item.kind === "row"), 0) : 0,
    isLoading: query.isPending,
    error: query.error,
    loadMore: () => {
      if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
    },
    noteOf: ({ thread, named }) => {
      const slots = live[thread.id]
      if (slots?.length) {
        const names = slots.map((slot) => models?.find((model) => model.slot === slot)?.name ?? "A model")
        return names.length > 2 ? `${names.length} models are writing` : `${names.join(" and ")} ${names.length === 1 ? "is" : "are"} writing`
      }
      if (named) return `${named.by || "Somebody"} named you`
      return (thread.is_private ? "Private, " : "") + when(thread.active_at)
    },
  }
}
