import { hasNews } from "@/features/threads/signs"
import { shownRows } from "@/features/threads/use-thread-list"
import type { ThreadRow } from "@/lib/protocol.gen"

/** Find the row of the thread one row on or back from the open one, as the list shows them; null at its ends. */
export function walk(way: 1 | -1, isUnreadOnly: boolean): ThreadRow | null {
  const { rows, openId } = shownRows()
  const at = rows.findIndex((row) => row.thread.id === openId)
  const after = way === 1 ? rows.slice(at + 1) : rows.slice(0, Math.max(0, at)).toReversed()
  const around = isUnreadOnly ? [...after, ...rows.slice(0, Math.max(0, at))] : after
  return around.find((row) => !isUnreadOnly || hasNews(row)) ?? null
}
