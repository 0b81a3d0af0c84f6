import { type ReactNode, useEffect, useRef, useState } from "react"

import { toggleOpened, useRoom } from "@/features/conversation/room-context"
import { cn } from "@/lib/cn"
import { plural } from "@/lib/format"
import { useStore } from "@/lib/store"

const LINE = 24

interface FoldedProps {
  id: string
  foldedTo: number
  children: ReactNode
}

/** In a grid of lanes a finished body keeps its first lines; "Read on, 6 lines" opens the rest. */
export function Folded({ id, foldedTo, children }: FoldedProps) {
  const { ui } = useRoom()
  const isOpen = useStore(ui).opened.has(id)
  const body = useRef<HTMLDivElement>(null)
  const [more, setMore] = useState(0)
  const most = foldedTo * LINE
  useEffect(() => {
    const element = body.current
    if (!element || !most) return undefined
    const measure = () => setMore(Math.max(0, Math.round((element.scrollHeight - most) / LINE)))
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    if (element.firstElementChild) observer.observe(element.firstElementChild)
    return () => observer.disconnect()
  }, [most])
  if (!foldedTo) return <div className="lane-body">{children}</div>
  return (
    <div className="lane-body">
      <div ref={body} className={cn("overflow-hidden", more > 0 && !isOpen && "lane-fade")} style={isOpen ? undefined : { maxHeight: most }}>
        <div>{children}</div>
      </div>
      {more > 0 && (
        <button type="button" aria-expanded={isOpen} className="hit mt-1 text-ui font-medium text-pen hover:underline" onClick={() => toggleOpened(ui, id)}>
          {isOpen ? "Fold" : `Read on, ${plural(more, "line")}`}
        </button>
      )}
    </div>
  )
}

/** While it is written in a grid of lanes the body grows so far and then shows its last lines. */
export function Growing({ foldedTo, children }: { foldedTo: number; children: ReactNode }) {
  if (!foldedTo) return <div className="lane-body">{children}</div>
  return (
    <div className="lane-body flex flex-col-reverse overflow-hidden" style={{ maxHeight: foldedTo * LINE }}>
      <div>{children}</div>
    </div>
  )
}
