import { memo } from "react"

import { AskRow } from "@/features/conversation/ask-row"
import { OutgoingRow } from "@/features/conversation/outgoing-row"
import { useRoom } from "@/features/conversation/room-context"
import type { EndedRow, Row } from "@/features/conversation/rows"
import { SayRow } from "@/features/conversation/say-row"
import { Ended, NextUp } from "@/features/runs/in-turn"
import { cn } from "@/lib/cn"
import { day, when } from "@/lib/format"

/** One row of a conversation. It is drawn again only when what it says has changed. */
export const RowView = memo(function RowView({ row }: { row: Row }) {
  switch (row.kind) {
    case "day":
      return <Line>{day(row.at)}</Line>
    case "unread":
      return <Line isNew>{`${row.count} new${row.since ? ` since ${since(row.since)}` : ""}`}</Line>
    case "round":
      return <Line>Round {row.round}</Line>
    case "say":
      return <SayRow row={row} />
    case "ask":
      return <AskRow row={row} />
    case "next":
      return <NextUp run={row.run} />
    case "ended":
      return <EndedView row={row} />
    case "outgoing":
      return <OutgoingRow outgoing={row.outgoing} />
  }
})

function Line({ isNew = false, children }: { isNew?: boolean; children: React.ReactNode }) {
  return (
    <div className={cn("time-line", isNew && "is-new")} role="separator">
      {children}
    </div>
  )
}

/** since yesterday, 17:20; since Tuesday; since 14:02 */
function since(at: string): string {
  return when(at).replace(/^today, /, "").replace(/^now$/, "a moment ago")
}

function EndedView({ row }: { row: EndedRow }) {
  const { store } = useRoom()
  const { messages } = store.current.view
  const last = [...messages.values()].find((message) => message.seq === row.seq && message.run_id === row.run.id) ?? null
  return (
    <div className="ml-[42px] max-tablet:ml-0">
      <Ended run={row.run} last={last} />
    </div>
  )
}

