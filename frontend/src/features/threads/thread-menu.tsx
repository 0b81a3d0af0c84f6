import { ArchiveIcon } from "@solar-icons/react/linear/archive"
import { LockKeyholeMinimalisticIcon as LockIcon } from "@solar-icons/react/linear/lock-keyhole-minimalistic"
import { LetterOpenedIcon } from "@solar-icons/react/linear/letter-opened"
import { LetterUnreadIcon } from "@solar-icons/react/linear/letter-unread"
import { PenIcon } from "@solar-icons/react/linear/pen"

import { Menu, MenuItem, MenuLine } from "@/components/ui/menu"
import { hasNews } from "@/features/threads/signs"
import { titleOf } from "@/features/threads/thread-row"
import type { ThreadRow } from "@/lib/protocol.gen"

interface ThreadMenuProps {
  row: ThreadRow
  anchor: Element | DOMRect
  canChange: boolean
  onClose: () => void
  onRename: () => void
  onPeople: () => void
  onArchive: () => void
  onUnread: (isUnread: boolean) => void
}

/** The menu of a thread's row: one for the whole list, hung where it was asked for. */
export function ThreadMenu({ row, anchor, canChange, onClose, onRename, onPeople, onArchive, onUnread }: ThreadMenuProps) {
  const { thread } = row
  return (
    <Menu
      label={titleOf(thread)}
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      anchor={anchor instanceof Element ? anchor : { getBoundingClientRect: () => anchor }}
      className="w-[224px] min-w-0"
      finalFocus={() => document.querySelector<HTMLElement>(`[data-thread="${thread.id}"]`) ?? false}
    >
      {canChange && (
        <MenuItem icon={<PenIcon size={16} />} keys="F2" onSelect={onRename}>
          Rename
        </MenuItem>
      )}
      {hasNews(row) ? (
        <MenuItem icon={<LetterOpenedIcon size={16} />} keys="u" onSelect={() => onUnread(false)}>
          Mark as read
        </MenuItem>
      ) : (
        <MenuItem icon={<LetterUnreadIcon size={16} />} keys="u" isDisabled={thread.head_seq === 0} onSelect={() => onUnread(true)}>
          Mark as unread
        </MenuItem>
      )}
      {thread.is_private && (
        <MenuItem icon={<LockIcon size={16} />} onSelect={onPeople}>
          Who is in it…
        </MenuItem>
      )}
      {canChange && (
        <>
          <MenuLine />
          <MenuItem icon={<ArchiveIcon size={16} />} keys="a" onSelect={onArchive}>
            Archive
          </MenuItem>
        </>
      )}
    </Menu>
  )
}
