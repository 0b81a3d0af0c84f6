import { useEffect, useLayoutEffect, useRef, useState } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { Lane } from "@/features/runs/lane"
import { LaneTab } from "@/features/runs/lane-tab"
import { LaneTabs } from "@/features/runs/lane-tabs"
import { type Lane as LaneView, shortNamesOf } from "@/features/runs/lanes-of"
import type { Best } from "@/features/runs/stats"
import { plain } from "@/lib/markdown/safe"
import { isOpen } from "@/lib/protocol"
import { useStore } from "@/lib/store"

const MOST_NAMED = 3 // tabs with a name beside each other on the narrowest phone

/** On a phone: one lane and a glimpse of the next, swiped or chosen by its tab. Its height is the open lane's. */
export function LanePager({ seq, lanes, best }: { seq: number; lanes: readonly LaneView[]; best: Best }) {
  const { ui } = useRoom()
  const kept = useStore(ui).paged.get(seq)
  // The first one that writes when the lanes are first seen; after that only this person turns the page.
  const [first] = useState(() => Math.max(0, lanes.findIndex((lane) => isOpen(lane.shown))))
  const on = Math.min(kept ?? first, lanes.length - 1)
  const shortNames = shortNamesOf(lanes.map((lane) => plain(lane.shown.author.name)))
  const isMany = lanes.length > MOST_NAMED
  const pager = useRef<HTMLDivElement>(null)
  const isByHand = useRef(false)

  useLayoutEffect(() => {
    const element = pager.current
    if (element && !isByHand.current) element.scrollLeft = placeOf(element, on)
    isByHand.current = false
  }, [on])

  useEffect(() => {
    if (kept === undefined) ui.set((now) => ({ ...now, paged: new Map(now.paged).set(seq, first) }))
  }, [ui, seq, kept, first])

  const turnTo = (index: number) => ui.set((now) => ({ ...now, turned: now.turned + 1, paged: new Map(now.paged).set(seq, index) }))
  const settle = () => {
    const element = pager.current
    if (!element) return
    const index = nearest(element)
    if (index === on) return
    isByHand.current = true
    turnTo(index)
  }
  return (
    <div>
      <LaneTabs isMany={isMany}>
        {lanes.map((lane, index) => (
          <LaneTab key={lane.lane} lane={lane} isOn={index === on} isNarrow={isMany && index !== on} shortName={shortNames[index]} onSelect={() => turnTo(index)} />
        ))}
      </LaneTabs>
      <div ref={pager} className="lane-pager" onScrollEnd={settle} tabIndex={0} role="group" aria-label="Lanes, swipe for the next">
        {lanes.map((lane, index) => (
          <Lane key={lane.lane} lane={lane} best={best} foldedTo={0} isBare className={index === on ? "is-on" : undefined} />
        ))}
      </div>
    </div>
  )
}

function placeOf(pager: HTMLElement, index: number): number {
  const lane = pager.children[index]
  return lane instanceof HTMLElement ? lane.offsetLeft - pager.offsetLeft : 0
}

function nearest(pager: HTMLElement): number {
  const distances = Array.from(pager.children, (_, index) => Math.abs(placeOf(pager, index) - pager.scrollLeft))
  return distances.indexOf(Math.min(...distances))
}
