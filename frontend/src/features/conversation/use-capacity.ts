import { type RefObject, useLayoutEffect, useState } from "react"

import { capacityOf } from "@/features/runs/lanes-of"

/** The room's margins and the avatar's column. */
const MARGINS = 106
const WIDEST = 1480

/** Say how many lanes fit side by side: by the room's own width, not the window's. */
export function useCapacity(room: RefObject<HTMLElement | null>, isPhone: boolean): number {
  const [capacity, setCapacity] = useState(3)
  useLayoutEffect(() => {
    const element = room.current
    if (!element) return undefined
    const measure = () => setCapacity(isPhone ? 1 : capacityOf(Math.min(element.clientWidth, WIDEST) - MARGINS))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [room, isPhone])
  return capacity
}
