import { type ReactNode, useEffect, useState } from "react"
import { flushSync } from "react-dom"

import { RoomProvider, useRoom } from "@/features/conversation/room-context"

const COLUMNS = 2 // lanes beside each other on a sheet of paper

/**
 * The conversation for paper, there only while it is printed: on the screen rows that are out of sight are not in the
 * page. Lanes stand in columns whatever the screen is, and nothing is folded.
 */
export function Printed({ children }: { children: ReactNode }) {
  const room = useRoom()
  return useIsPrinting() ? <RoomProvider value={{ ...room, capacity: COLUMNS, isPhone: false, canWrite: false }}><div className="printed">{children}</div></RoomProvider> : null
}

function useIsPrinting(): boolean {
  const [isPrinting, setIsPrinting] = useState(false)
  useEffect(() => {
    const before = () => flushSync(() => setIsPrinting(true)) // the browser takes the page as it is when this is over
    const after = () => setIsPrinting(false)
    addEventListener("beforeprint", before)
    addEventListener("afterprint", after)
    return () => {
      removeEventListener("beforeprint", before)
      removeEventListener("afterprint", after)
    }
  }, [])
  return isPrinting
}
