import { type ReactNode, useEffect, useRef, useState } from "react"

import { toggleOpened, useRoom } from "@/features/conversation/room-context"
import { cn } from "@/lib/cn"
import { plural } from "@/lib/format"
import { useStore } from "@/lib/store"

const LINE = 24

interface FoldedProps {
  id: string
  foldedTo: number
  isWriting: boolean
  children: ReactNode
}

/**
 * In a grid of lanes a body grows so far and then shows its last lines; finished it keeps its first ones, and
 * "Read on, 6 lines" opens the rest. What it holds stays the same elements through its end.
 */
export function Folded({ id, foldedTo, isWriting, children }: FoldedProps) {
  const { ui } = useRoom()
  const isOpen = useStore(ui).opened.has(id) && !isWriting
  const body = useRef<HTMLDivElement>(null)
  const [more, setMore] = useState(0)
  const most = foldedTo * LINE
  useEffect(() => {
    const element = body.current
    if (!element || !most || isWriting) return undefined
    const measure = () => setMore(Math.max(0, Math.round((element.scrollHeight - most) / LINE)))
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    if (element.firstElementChild) observer.observe(element.firstElementChild)
    return () => observer.disconnect()
  }, [most, isWriting])
  if (!foldedTo) return <div className="lane-body">{children}</div>
  const isFaded = more > 0 && !isOpen && !isWriting
  return (
    <div className="lane-body">
      <div ref={body} className={cn("overflow-hidden", isWriting && "flex flex-col-reverse", isFaded && "lane-fade")} style={isOpen ? undefined : { maxHeight: most }}>
        <div>{children}</div>
      </div>
      {more > 0 && !isWriting && (
        <button type="button" aria-expanded={isOpen} className="hit mt-1 text-ui font-medium text-pen hover:underline" onClick={() => toggleOpened(ui, id)}>
          {isOpen ? "Fold" : `Read on, ${plural(more, "line")}`}
        </button>
      )}
    </div>
  )
}
