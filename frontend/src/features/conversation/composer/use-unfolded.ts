import { type FocusEvent, useEffect, useMemo, useRef, useState } from "react"

/** Longer than a tap: what was tapped must still be under the finger when it is lifted. */
const AFTER_MS = 250

interface Handlers {
  onFocus: (event: FocusEvent<HTMLElement>) => void
  onBlur: (event: FocusEvent<HTMLElement>) => void
}

/** On a phone the composer is one row until its field is tapped, and again when the focus has left it altogether. */
export function useUnfolded(): [isUnfolded: boolean, handlers: Handlers] {
  const [isUnfolded, setIsUnfolded] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const handlers = useMemo(
    () => ({
      onFocus: ({ target }: FocusEvent<HTMLElement>) => {
        clearTimeout(timer.current)
        if (target instanceof HTMLTextAreaElement) setIsUnfolded(true)
      },
      onBlur: ({ currentTarget, relatedTarget }: FocusEvent<HTMLElement>) => {
        if (currentTarget.contains(relatedTarget)) return
        clearTimeout(timer.current)
        timer.current = setTimeout(() => setIsUnfolded(false), AFTER_MS)
      },
    }),
    [],
  )
  return [isUnfolded, handlers]
}
