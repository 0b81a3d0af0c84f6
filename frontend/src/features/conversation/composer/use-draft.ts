import { useCallback, useEffect, useRef, useState } from "react"

import { recall, remember } from "@/lib/store"

const AFTER_MS = 300
/**
 * By name, what is being written now. The room's field moves when the room turns out to be empty: the new one is there
 * before the old one has gone, and storage is written late, so neither may be the only place that knows.
 */
const begun = new Map<string, string>()

/** What was begun in a thread is there again after a reload, on this machine. */
export function useDraft(threadId: string): [text: string, setText: (text: string) => void] {
  const name = `draft.${threadId}`
  const [text, setText] = useState(() => begun.get(name) ?? recall(name) ?? "")
  const latest = useRef(text)
  // Only what was written here: another tab may have begun something since this one was opened.
  const isKept = useRef(true)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const keep = useCallback(() => {
    clearTimeout(timer.current)
    if (isKept.current) return
    isKept.current = true
    remember(name, latest.current || null)
  }, [name])
  const change = useCallback(
    (next: string) => {
      latest.current = next
      isKept.current = false
      begun.set(name, next)
      setText(next)
      clearTimeout(timer.current)
      timer.current = setTimeout(keep, AFTER_MS)
    },
    [keep, name],
  )
  useEffect(() => {
    addEventListener("pagehide", keep)
    return () => {
      removeEventListener("pagehide", keep)
      keep()
    }
  }, [keep])
  return [text, change]
}
