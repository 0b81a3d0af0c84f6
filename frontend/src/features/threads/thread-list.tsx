import { useQueryClient } from "@tanstack/react-query"
import { useEffect, useRef, useState, type KeyboardEvent } from "react"
import { Virtualizer, type VirtualizerHandle } from "virtua"

import { Button } from "@/components/ui/button"
import { Kbd } from "@/components/ui/kbd"
import { Skeleton } from "@/components/ui/skeleton"
import { hold, type ListItem } from "@/features/threads/order"
import { findRow } from "@/features/threads/queries"
import { hasNews, placeOf, signOf, useSigns } from "@/features/threads/signs"
import { ThreadMenu } from "@/features/threads/thread-menu"
import { ThreadRow } from "@/features/threads/thread-row"
import { useThreadActions } from "@/features/threads/use-thread-actions"
import { useThreadList } from "@/features/threads/use-thread-list"
import { wordsOf } from "@/lib/api"
import { ask } from "@/lib/shell"
import type { ThreadView } from "@/lib/protocol.gen"

interface ThreadListProps {
  projectId: string
  openId: string | undefined
  meName: string
  canWrite: boolean
  canManage: boolean // rename and archive what others started
  hasNotes: boolean // a second line under each name, on a phone
  onOpen: () => void // what lies over the room goes away
  onPeople: (thread: ThreadView) => void
  onArchived: (thread: ThreadView) => void // the open one: somewhere else to be
}

/** The threads of a project: groups by age, one row each, thousands if need be. */
export function ThreadList(props: ThreadListProps) {
  const { projectId, openId, canWrite, canManage, hasNotes, onOpen } = props
  const list = useThreadList(projectId, openId)
  const { live } = useSigns()
  const actions = useThreadActions()
  const client = useQueryClient()
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useRef<VirtualizerHandle>(null)
  const [menu, setMenu] = useState<{ id: string; anchor: Element | DOMRect } | null>(null)
  const [renaming, setRenaming] = useState<string | null>(null)

  const row = (id: string | null | undefined) => (id ? findRow(client, id) : undefined)
  const canChange = (thread: ThreadView) => canWrite && (canManage || thread.created_by === props.meName)
  const rows = list.items.filter((item) => item.kind === "row")
  const isOpenShown = rows.some((item) => item.row.thread.id === openId)

  async function archive(thread: ThreadView) {
    if (thread.id === openId) props.onArchived(thread)
    await actions.archive(thread)
  }

  function focusRow(index: number) {
    const target = list.items[index]
    if (target?.kind !== "row") return
    virtual.current?.scrollToIndex(index, { align: "nearest" })
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-thread="${target.row.thread.id}"]`)?.focus())
  }

  // The open thread is in sight when the list first stands there; after that the list is where its reader left it.
  const wasPlaced = useRef("")
  useEffect(() => {
    if (wasPlaced.current === projectId || list.items.length === 0) return
    wasPlaced.current = projectId
    const index = list.items.findIndex((item) => item.kind === "row" && item.row.thread.id === openId)
    if (index > 0) virtual.current?.scrollToIndex(index, { align: "nearest" })
  }, [list.items, projectId, openId])

  function onKeyDown(event: KeyboardEvent<HTMLElement>) {
    if (event.target === event.currentTarget && event.key === "ArrowDown") {
      // The row that would have the tab stop is out of sight, so it is not there: the list itself has it.
      const open = list.items.findIndex((item) => item.kind === "row" && item.row.thread.id === openId)
      focusRow(open < 0 ? list.items.findIndex((item) => item.kind === "row") : open)
      event.preventDefault()
      return
    }
    const id = (event.target as HTMLElement).dataset["thread"]
    const found = row(id)
    const thread = found?.thread
    if (!thread || event.metaKey || event.ctrlKey || event.altKey) return
    const at = list.items.findIndex((item) => item.kind === "row" && item.row.thread.id === id)
    const next = step(list.items, at, event.key)
    if (next !== null) focusRow(next)
    else if (event.key === "F2" && canChange(thread)) setRenaming(thread.id)
    else if (event.key === "u") void actions.markUnread(thread, !hasNews(found))
    else if (event.key === "a" && canChange(thread)) void archive(thread)
    else return
    event.preventDefault()
  }

  const opened = row(menu?.id)
  return (
    <div
      ref={scroller}
      role="group"
      aria-label="Threads"
      className="min-h-0 flex-1 overflow-y-auto px-2 pb-3 max-laptop:px-3"
      onKeyDown={onKeyDown}
      onPointerEnter={(event) => event.pointerType === "mouse" && hold(true)}
      onPointerLeave={() => hold(false)}
      onScroll={({ currentTarget: box }) => {
        if (box.scrollHeight - box.scrollTop - box.clientHeight < 1200) list.loadMore()
      }}
    >
      {list.isLoading && (
        <div className="p-2 pt-4">
          <Skeleton label="Threads are loading" />
        </div>
      )}
      {list.error && rows.length === 0 && (
        <p className="p-2 leading-normal text-ink-3">
          {wordsOf(list.error)}
          <Button look="link" className="-ml-2" onClick={() => void client.refetchQueries({ queryKey: ["project", projectId, "threads"] })}>
            Try again
          </Button>
        </p>
      )}
      {rows.length > 0 && (
        <Virtualizer ref={virtual} as="ul" item="li" bufferSize={400}>
          {list.items.map((item, index) =>
            item.kind === "heading" ? (
              <h2 key={item.age} className={`px-2 pb-2 text-small/none font-medium text-ink-3 ${index === 0 ? "pt-2 max-tablet:pt-4" : "pt-[18px]"}`}>
                {item.age}
              </h2>
            ) : (
              <ThreadRow
                key={item.row.thread.id}
                thread={item.row.thread}
                isSub={item.isSub}
                isOpen={item.row.thread.id === openId}
                isUnread={hasNews(item.row) && item.row.thread.id !== openId}
                place={placeOf(item.row)}
                sign={signOf({
                  named: item.row.named?.count ?? 0,
                  live: live[item.row.thread.id] ?? [],
                  unread: item.row.unread,
                  isPrivate: item.row.thread.is_private,
                  isOpen: item.row.thread.id === openId,
                })}
                {...(hasNotes && { note: list.noteOf(item.row) })}
                isRenaming={renaming === item.row.thread.id}
                isFirst={!isOpenShown && item === rows[0]}
                onOpen={onOpen}
                onMenu={(id, anchor) => setMenu({ id, anchor })}
                onRename={(_, title) => {
                  setRenaming(null)
                  if (title) void actions.rename(item.row.thread, title)
                }}
              />
            ),
          )}
        </Virtualizer>
      )}
      {!list.isLoading && !list.error && rows.length < 2 && (
        <p className="px-2 pt-3 text-small/[1.5] text-ink-3">
          Threads keep one subject each.
          {canWrite && (
            <span className="pointer-coarse:hidden">
              {" "}
              Start {rows.length ? "another" : "one"} with <Kbd>C</Kbd>
            </span>
          )}
        </p>
      )}
      {!list.isLoading && !list.error && canWrite && hasNotes && rows.length === 0 && (
        <Button className="mx-2 mt-3" onClick={() => ask("new-thread")}>
          Start the first thread
        </Button>
      )}
      {menu && opened && (
        <ThreadMenu
          row={opened}
          anchor={menu.anchor}
          canChange={canChange(opened.thread)}
          onClose={() => setMenu(null)}
          onRename={() => setRenaming(opened.thread.id)}
          onPeople={() => props.onPeople(opened.thread)}
          onArchive={() => void archive(opened.thread)}
          onUnread={(isUnread) => void actions.markUnread(opened.thread, isUnread)}
        />
      )}
    </div>
  )
}

/** Where an arrow leads from the item `at`; headings are stepped over. Null: the key leads nowhere. */
function step(items: readonly ListItem[], at: number, key: string): number | null {
  const way = { ArrowDown: 1, ArrowUp: -1, Home: 1, End: -1 }[key]
  if (!way) return null
  let next = key === "Home" ? 0 : key === "End" ? items.length - 1 : at + way
  while (items[next]?.kind === "heading") next += way
  return items[next] ? next : at
}
