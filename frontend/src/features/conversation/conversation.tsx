/** The conversation itself: rows that are out of sight are not there, older and newer pages come as one nears them. */

import { ArrowDownIcon } from "@solar-icons/react/linear/arrow-down"
import { type KeyboardEvent, type ReactElement, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react"
import { Virtualizer, type VirtualizerHandle } from "virtua"

import { useRoom } from "@/features/conversation/room-context"
import { Printed } from "@/features/conversation/printed"
import { RowView } from "@/features/conversation/row-view"
import { makeRows, type Row } from "@/features/conversation/rows"
import { LastRow, RowBox, RowsBox } from "@/features/conversation/rows-box"
import { nextStep, stableRows } from "@/features/conversation/stable-rows"
import { useFollow } from "@/features/conversation/use-follow"
import { useHistory } from "@/features/conversation/use-history"
import { useReadMark } from "@/features/conversation/use-read-mark"
import { Button } from "@/components/ui/button"
import { useOutgoing } from "@/lib/outgoing"
import type { ThreadDetail } from "@/lib/protocol"
import type { Segment } from "@/lib/room-state"
import { useStore } from "@/lib/store"
import { useRoomView } from "@/lib/use-room"

const NEAR_EDGE = 1500
const FAR = 1200
const SETTLE_MS = 240

interface ConversationProps {
  at?: number
  detail: ThreadDetail
  /** The person has seen it without a word. */
  wasEmpty: boolean
}

export function Conversation({ at, detail, wasEmpty }: ConversationProps) {
  const { store, ui, threadId, branchId, me } = useRoom()
  const view = useRoomView(store)
  const { turned } = useStore(ui)
  const scroller = useRef<HTMLDivElement>(null)
  const list = useRef<VirtualizerHandle>(null)
  const shownRows = useRef<readonly Row[]>([])
  const hasTail = useRef(false)
  const tailOf = useCallback((key: string | null) => {
    const handle = list.current
    if (!hasTail.current) return null // pages that come below are not new
    const index = key === null ? shownRows.current.length - 1 : shownRows.current.findIndex((row) => row.key === key)
    const row = shownRows.current[index]
    return handle && row ? { key: row.key, size: handle.scrollSize - handle.getItemOffset(index) } : null
  }, [])
  const follow = useFollow(scroller, tailOf)
  // What was unread when the thread was opened stays so until it is left.
  const [unread] = useState(() => (wasEmpty ? null : unreadOf(detail, branchId, me.id)))
  const history = useHistory(store, threadId, branchId, at ?? (unread ? unread.seq + 1 : Infinity))
  const outgoing = useOutgoing()
  const mine = useMemo(() => outgoing.filter((one) => one.thread_id === threadId && one.branch_id === branchId && one.user_id === me.id), [outgoing, threadId, branchId, me.id])

  const { messages, segments, choices, runs } = view
  const made = useMemo(
    () => makeRows({ view: { messages, segments, choices, runs }, anchor: history.anchor, outgoing: mine, unread }),
    [messages, segments, choices, runs, history.anchor, mine, unread],
  )
  const [shown, setShown] = useState(() => ({ made, rows: made.rows, isShifted: false, isLast: true }))
  let { rows, isShifted } = shown
  if (shown.made !== made) {
    const step = nextStep(shown.rows, stableRows(shown.rows, made.rows))
    ;({ rows, isShifted } = step)
    setShown({ made, ...step })
  }
  useLayoutEffect(() => {
    if (!shown.isLast) setShown((now) => ({ made: now.made, ...nextStep(now.rows, stableRows(now.rows, now.made.rows)) }))
  }, [shown])
  useLayoutEffect(() => {
    shownRows.current = rows
    hasTail.current = made.segment?.to === Infinity
  }, [rows, made.segment])
  const { segment } = made
  const isAtTail = segment?.to === Infinity

  const isPlaced = usePlacing({ list, rows, at, unreadKey: rows.find((row) => row.kind === "unread")?.key, follow, isReady: segment !== null && isAround(segment, history.anchor), anchor: history.anchor })
  useReadMark({ isAtEnd: isAtTail && follow.isFollowing })

  const nearEdges = useCallback(() => {
    // The list's own figures: asking the page for them would make it lay out anew.
    const handle = list.current
    if (!handle || !segment || !handle.viewportSize || !isPlaced) return
    if (handle.scrollOffset < NEAR_EDGE) history.loadOlder(segment)
    if (handle.scrollSize - handle.scrollOffset - handle.viewportSize < NEAR_EDGE) history.loadNewer(segment)
  }, [segment, history, isPlaced])
  useEffect(nearEdges, [nearEdges, rows])

  const lastMine = mine.at(-1)?.client_id
  const { toEnd } = follow
  const { goTo } = history
  useEffect(() => {
    if (!lastMine) return
    goTo(Infinity)
    toEnd()
  }, [lastMine, goTo, toEnd])

  const { stay } = follow
  useLayoutEffect(() => {
    if (turned > 0) stay()
  }, [turned, stay])

  const [isFar, setIsFar] = useState(false)
  const onScroll = (offset: number) => {
    const handle = list.current
    if (handle) setIsFar(handle.scrollSize - offset - handle.viewportSize > FAR)
    nearEdges()
  }

  const jumpToEnd = () => {
    history.goTo(Infinity)
    follow.toEnd()
  }
  function onKeyDown(event: KeyboardEvent) {
    // The browser's own End would stop where the pages end that are here now.
    if (event.key !== "End" || event.target !== event.currentTarget) return
    event.preventDefault()
    jumpToEnd()
  }

  return (
    <div className="room-main relative grid grid-rows-[minmax(0,1fr)]">
      <div ref={scroller} className="room-scroll" role="log" aria-live="off" aria-label="Conversation" tabIndex={0} onKeyDown={onKeyDown}>
        <div className="room-inner">
          <LastRow index={rows.length - 1}>
            <Virtualizer ref={list} as={RowsBox} item={RowBox} scrollRef={scroller} data={rows} shift={isShifted} bufferSize={600} startMargin={20} onScroll={onScroll}>
              {elementOf}
            </Virtualizer>
          </LastRow>
          <Printed>{rows.map(elementOf)}</Printed>
          {history.hasFailed && (
            <p className="ml-[42px] flex items-center gap-2 py-2 text-ink-2">
              This part of the thread did not come.
              <Button look="link" onClick={() => { history.retry(); nearEdges() }}>
                Try again
              </Button>
            </p>
          )}
        </div>
      </div>
      {(!isAtTail || follow.newLines > 0 || (isFar && !follow.isFollowing)) && (
        <div className="room-inner pointer-events-none absolute inset-x-0 bottom-2 flex justify-end">
          <button
            type="button"
            className="newer"
            onClick={jumpToEnd}
          >
            {isAtTail && follow.newLines > 0 ? `${follow.newLines} new ${follow.newLines === 1 ? "line" : "lines"}` : "To the end"}
            <ArrowDownIcon size={14} />
          </button>
        </div>
      )}
    </div>
  )
}

const elements = new WeakMap<Row, ReactElement>()

/** The same row is the same element: the list asks anew whenever it scrolls, and draws only what is not the same. */
function elementOf(row: Row): ReactElement {
  const element = elements.get(row) ?? <RowView key={row.key} row={row} />
  elements.set(row, element)
  return element
}

function unreadOf(detail: ThreadDetail, branchId: string, myId: string) {
  const { thread, read_seq: seq, read_at: at } = detail
  if (branchId !== thread.main_branch_id || !at || seq >= thread.head_seq) return null
  return { seq, at, myId, count: thread.head_seq - seq }
}

/** Both pages around the place are there, or there is nothing more on that side. */
function isAround({ from, to }: Segment, anchor: number): boolean {
  return (from < anchor || from === 0) && (to > anchor || to === Infinity)
}

interface Placing {
  list: React.RefObject<VirtualizerHandle | null>
  rows: readonly Row[]
  at: number | undefined
  unreadKey: string | undefined
  follow: ReturnType<typeof useFollow>
  isReady: boolean
  anchor: number
}

/**
 * Where reading begins: at the place that was asked for, at what is unread, or at the end. Answers whether it has
 * settled there: rows are measured as they are first drawn, and pages that came meanwhile would push it away.
 */
function usePlacing({ list, rows, at, unreadKey, follow, isReady, anchor }: Placing): boolean {
  const placed = useRef<string | null>(null)
  const [isSettled, setIsSettled] = useState(false)
  const timers = useRef<ReturnType<typeof setTimeout>[]>([])
  const { toEnd, stay, settle } = follow
  useLayoutEffect(() => {
    const handle = list.current
    if (!handle || !isReady || !rows.length) return
    const name = at === undefined ? "open" : `at ${at}`
    if (placed.current === name) return
    placed.current = name
    const index = at !== undefined ? indexOfPlace(rows, at) : unreadKey ? rows.findIndex((row) => row.key === unreadKey) : -1
    const place = () => {
      if (index < 0) {
        toEnd()
        return
      }
      stay()
      handle.scrollToIndex(index, { align: "start", offset: -Math.round(handle.viewportSize / 5) })
    }
    place()
    setIsSettled(false)
    const again = setTimeout(place, SETTLE_MS / 2)
    const settled = setTimeout(() => {
      setIsSettled(true)
      settle()
    }, SETTLE_MS)
    timers.current = [again, settled]
  }, [list, rows, at, unreadKey, isReady, toEnd, stay, settle])
  useEffect(() => () => timers.current.forEach(clearTimeout), [])

  // Jumping to the end of a thread whose end was not there: it is there now.
  const wasAnchor = useRef(anchor)
  useLayoutEffect(() => {
    if (wasAnchor.current === anchor) return
    wasAnchor.current = anchor
    if (anchor === Infinity && placed.current) toEnd()
  }, [anchor, toEnd])
  return isSettled
}

/** The row that holds a place: the last one that begins at it or before. */
function indexOfPlace(rows: readonly Row[], seq: number): number {
  return rows.findLastIndex((row) => (row.kind === "say" || row.kind === "ask") && row.seq <= seq)
}

