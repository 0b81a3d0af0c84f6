import { type RefObject, useEffect, useState } from "react"

/** What is nearly in sight counts: it should be there when the reader is. */
const MARGIN = "240px 0px"

/** Say whether the reader can see this place of the conversation; where nobody can tell, yes. */
export function useInSight(place: RefObject<Element | null>): boolean {
  const [isInSight, setIsInSight] = useState(true)
  useEffect(() => {
    const element = place.current
    if (!element || typeof IntersectionObserver === "undefined") return undefined
    const observer = new IntersectionObserver((entries) => setIsInSight(entries.at(-1)?.isIntersecting ?? true), {
      root: element.closest("[role=log]"),
      rootMargin: MARGIN,
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [place])
  return isInSight
}
