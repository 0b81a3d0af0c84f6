import { useCallback, useEffect, useRef, useState } from "react"

import { recall, remember } from "@/lib/store"

const AFTER_MS = 300

/** What was begun in a thread is there again after a reload, on this machine. */
export function useDraft(threadId: string): [text: string, setText: (text: string) => void] {
  const name = `draft.${threadId}`
  const [text, setText] = useState(() => recall(name) ?? "")
  const latest = useRef(text)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const keep = useCallback(() => {
    clearTimeout(timer.current)
    remember(name, latest.current || null)
  }, [name])
  const change = useCallback(
    (next: string) => {
      latest.current = next
      setText(next)
      clearTimeout(timer.current)
      timer.current = setTimeout(keep, AFTER_MS)
    },
    [keep],
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
