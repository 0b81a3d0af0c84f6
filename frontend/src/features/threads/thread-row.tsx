import { Link } from "@tanstack/react-router"
import { memo, type KeyboardEvent, type MouseEvent } from "react"
import { LockKeyholeMinimalisticIcon as LockIcon } from "@solar-icons/react/linear/lock-keyhole-minimalistic"
import { MenuDotsIcon } from "@solar-icons/react/linear/menu-dots"

import { LiveBars } from "@/components/ui/live-bars"
import { RenameField } from "@/features/threads/rename-field"
import type { Sign } from "@/features/threads/signs"
import { cn } from "@/lib/cn"
import type { ThreadView } from "@/lib/protocol.gen"

interface ThreadRowProps {
  thread: ThreadView
  isOpen: boolean
  isSub: boolean
  isUnread: boolean
  place: { branch?: string; at?: number }
  sign: Sign | null
  /** Under the name, on a phone. */
  note?: string
  isRenaming: boolean
  isFirst: boolean // takes part in the tab order when no row has the focus
  onMenu: (threadId: string, anchor: Element | DOMRect) => void
  onRename: (threadId: string, title: string | null) => void
  onOpen: () => void
}

/** What a thread without a name is called until its first question names it. */
export function titleOf(thread: Pick<ThreadView, "title">): string {
  return thread.title || "New thread"
}

const corner =
  "before:absolute before:left-[13px] before:-top-1 before:h-5 before:w-[7px] before:rounded-bl-[4px] before:border-b before:border-l before:border-line-strong pointer-coarse:before:h-[26px]"

export const ThreadRow = memo(function ThreadRow({ thread, isOpen, isSub, isUnread, place, sign, note, isRenaming, isFirst, onMenu, onRename, onOpen }: ThreadRowProps) {
  if (isRenaming) return <RenameField title={thread.title} label={`Rename ${titleOf(thread)}`} onDone={(title) => onRename(thread.id, title)} />

  function menuAt(event: MouseEvent) {
    event.preventDefault()
    onMenu(thread.id, new DOMRect(event.clientX, event.clientY))
  }
  function menuByKey(event: KeyboardEvent) {
    if (event.key !== "." && event.key !== "ContextMenu") return
    event.preventDefault()
    onMenu(thread.id, event.currentTarget)
  }

  return (
    <div className="group/row relative" onContextMenu={menuAt}>
      <Link
        to="/p/$projectId/t/$threadId"
        params={{ projectId: thread.project_id, threadId: thread.id }}
        search={place}
        data-thread={thread.id}
        tabIndex={isOpen || isFirst ? 0 : -1}
        aria-current={isOpen ? "page" : undefined}
        onKeyDown={menuByKey}
        onClick={onOpen}
        className={cn(
          "relative flex h-8 items-center gap-2 rounded-md px-2 text-ink-2 group-hover/row:bg-hover pointer-coarse:h-11 pointer-coarse:text-lane max-tablet:h-auto max-tablet:min-h-[52px] max-tablet:gap-3 max-tablet:text-ink",
          isUnread && "font-semibold text-ink",
          isOpen && "bg-selected font-medium text-ink group-hover/row:bg-selected",
          isSub && ["pl-6 max-tablet:pl-7", corner],
        )}
      >
        <span className="min-w-0 grow">
          <span className="cut block max-tablet:text-[0.96875rem]/[20px]">{titleOf(thread)}</span>
          {note && <small className="cut block text-[0.78125rem]/[17px] font-normal text-ink-3">{note}</small>}
        </span>
        {sign && (
          <span className="shrink-0 group-hover/row:pointer-fine:invisible group-has-[button:focus-visible]/row:invisible">
            <SignMark sign={sign} />
          </span>
        )}
      </Link>
      <button
        type="button"
        tabIndex={-1}
        aria-label={`${titleOf(thread)}, more`}
        onClick={(event) => onMenu(thread.id, event.currentTarget)}
        className="invisible absolute inset-y-0 right-0.5 grid w-8 place-items-center rounded-md text-ink-2 group-hover/row:pointer-fine:visible hover:text-ink focus-visible:visible"
      >
        <MenuDotsIcon size={16} />
      </button>
    </div>
  )
})

function SignMark({ sign }: { sign: Sign }) {
  switch (sign.kind) {
    case "named":
      return (
        <span className="num block h-[18px] min-w-5 rounded-full bg-pen px-[5px] text-center text-micro/[18px] font-semibold text-pen-ink">
          {sign.count}
          <span className="sr-only"> {sign.count === 1 ? "mention" : "mentions"} of you</span>
        </span>
      )
    case "live":
      return <LiveBars slots={sign.slots} />
    case "unread":
      return (
        <span className="num text-small/none font-medium text-ink-2">
          {sign.count > 999 ? "999+" : sign.count}
          <span className="sr-only"> unread</span>
        </span>
      )
    case "private":
      return <LockIcon size={15} className="text-ink-3" aria-label="private" role="img" />
  }
}
