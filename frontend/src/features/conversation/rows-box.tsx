/**
 * The boxes of the conversation's list. The list places its rows by itself and gives their box the height of them all,
 * one frame after a row has grown. The last row grows whenever somebody answers, so it stands in the flow: the page
 * is as long as it is in the same frame, and nothing is laid out and painted twice.
 */

import { createContext, type ReactNode, use, useLayoutEffect, useState } from "react"
import type { CustomContainerComponentProps, CustomItemComponentProps } from "virtua"

const LastIndex = createContext(-1)
const Flow = createContext<(isOn: boolean) => void>(() => undefined)

/** Around the list: which of its rows is the last one. */
export function LastRow({ index, children }: { index: number; children: ReactNode }) {
  return <LastIndex value={index}>{children}</LastIndex>
}

/**
 * It takes the pointer while it scrolls, too: turning that off and on again, as the list would, makes the browser
 * work out the style of every word in it anew, and here it scrolls whenever somebody is answered.
 */
export function RowsBox({ style, ref, children }: CustomContainerComponentProps) {
  const [isFlowing, setIsFlowing] = useState(false)
  const { height, contain, pointerEvents: _, ...rest } = style
  return (
    <div ref={ref} style={isFlowing ? { ...rest, display: "flow-root", contain: "style" } : { ...rest, height, contain }}>
      <Flow value={setIsFlowing}>{children}</Flow>
    </div>
  )
}

export function RowBox({ style, index, ref, children }: CustomItemComponentProps) {
  const isLast = use(LastIndex) === index
  const flow = use(Flow)
  useLayoutEffect(() => {
    if (!isLast) return undefined
    flow(true)
    return () => flow(false)
  }, [isLast, flow])
  const { top, left, position, ...rest } = style
  return (
    <div ref={ref} style={isLast ? { ...rest, position: "relative", marginTop: top } : { ...rest, top, left, position }}>
      {children}
    </div>
  )
}
