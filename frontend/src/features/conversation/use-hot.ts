/**
 * Which row shows its actions: the one that is pointed at, else the one that has the focus. One at a time, and
 * only the rows it goes from and to are drawn again.
 */

import { type FocusEvent, useCallback, useEffect, useSyncExternalStore } from "react"

import { makeStore } from "@/lib/store"

interface Hot {
  over: string | null
  focus: string | null
}
const hot = makeStore<Hot>({ over: null, focus: null })

function isHot({ over, focus }: Hot, id: string): boolean {
  return over === null ? focus === id : over === id
}

export function useHot(id: string) {
  const isOn = useSyncExternalStore(hot.watch, () => isHot(hot.get(), id))
  const clear = useCallback((name: keyof Hot) => hot.set((now) => (now[name] === id ? { ...now, [name]: null } : now)), [id])
  // A row that goes, or whose field had the focus and went, says nothing of it.
  useEffect(
    () => () => {
      clear("over")
      clear("focus")
    },
    [clear],
  )
  const handlers = {
    onPointerEnter: () => hot.set((now) => ({ ...now, over: id })),
    onPointerLeave: () => clear("over"),
    onFocus: () => hot.set((now) => (now.focus === id ? now : { ...now, focus: id })),
    onBlur: (event: FocusEvent<HTMLElement>) => {
      if (!event.currentTarget.contains(event.relatedTarget)) clear("focus")
    },
  }
  return { isHot: isOn, handlers }
}
