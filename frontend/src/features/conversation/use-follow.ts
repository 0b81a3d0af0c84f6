/**
 * At the bottom the page stays at the bottom. One notch of scrolling up ends it; then what comes below is counted
 * in lines, until the reader is there again.
 */

import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react"

const NEAR = 6
const LINE = 24

export interface Follow {
  isFollowing: boolean
  /** Lines that came below while the reader was elsewhere. */
  newLines: number
  toEnd: () => void
  /** Reading begins somewhere else than at the bottom. */
  stay: () => void
  /** It has begun: where all that follows is in sight, no scrolling will ever say that the bottom is reached. */
  settle: () => void
}

/** The row that was last when reading left the bottom, and how much there is from its top to the end. */
interface Tail {
  key: string
  size: number
}

function isAtEnd(scroller: RefObject<HTMLElement | null>): boolean {
  const element = scroller.current
  return element !== null && element.scrollHeight - element.scrollTop - element.clientHeight <= NEAR
}

/** Scroll to the end and say where that is. */
function goToEnd(scroller: RefObject<HTMLElement | null>): number | null {
  const element = scroller.current
  element?.scrollTo({ top: element.scrollHeight, behavior: "instant" })
  return element?.scrollTop ?? null
}

/** `tailOf` measures from a row to the end; without a key, from the last row. Older pages do not change it. */
export function useFollow(scroller: RefObject<HTMLElement | null>, tailOf: (key: string | null) => Tail | null): Follow {
  const [isFollowing, setIsFollowing] = useState(true)
  const [newLines, setNewLines] = useState(0)
  const following = useRef(true)
  const lastTop = useRef(0)
  const left = useRef<Tail | null>(null)

  const set = useCallback(
    (isOn: boolean) => {
      if (following.current === isOn) return
      following.current = isOn
      left.current = isOn ? null : tailOf(null)
      setIsFollowing(isOn)
      setNewLines(0)
    },
    [tailOf],
  )

  const toBottom = useCallback(() => {
    lastTop.current = goToEnd(scroller) ?? lastTop.current
  }, [scroller])

  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const onScroll = () => {
      const top = element.scrollTop
      if (isAtEnd(scroller)) set(true)
      else if (top < lastTop.current - 1) set(false)
      lastTop.current = top
    }
    // The wheel speaks before the page has moved: a page that grows must not outrun it.
    const onWheel = (event: WheelEvent) => {
      if (event.deltaY < 0 && element.scrollTop > 0) set(false)
    }
    element.addEventListener("scroll", onScroll, { passive: true })
    element.addEventListener("wheel", onWheel, { passive: true })
    return () => {
      element.removeEventListener("scroll", onScroll)
      element.removeEventListener("wheel", onWheel)
    }
  }, [scroller, set])

  // What stands in the room grew, or the room itself became smaller: the composer grew, a keyboard came up.
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const resized = () => {
      if (following.current) {
        toBottom()
        return
      }
      const now = left.current && tailOf(left.current.key)
      const lines = now && left.current ? Math.max(0, Math.round((now.size - left.current.size) / LINE)) : 0
      setNewLines((before) => Math.max(before, lines))
    }
    const observer = new ResizeObserver(resized)
    observer.observe(element)
    if (element.firstElementChild) observer.observe(element.firstElementChild)
    return () => observer.disconnect()
  }, [scroller, toBottom, tailOf])

  const toEnd = useCallback(() => {
    set(true)
    toBottom()
  }, [set, toBottom])
  const stay = useCallback(() => {
    set(false)
    // What this person opened is not new: it is counted from when it stands there.
    const counted = () => {
      if (following.current) return
      left.current = tailOf(null)
      setNewLines(0)
    }
    requestAnimationFrame(() => requestAnimationFrame(counted))
  }, [set, tailOf])
  const settle = useCallback(() => {
    if (isAtEnd(scroller)) set(true)
  }, [scroller, set])
  return { isFollowing, newLines, toEnd, stay, settle }
}
