import { ChatSquareAddIcon } from "@solar-icons/react/linear/chat-square-add"
import { CheckIcon } from "@solar-icons/react/linear/check"
import { CopyIcon } from "@solar-icons/react/linear/copy"
import { EyeIcon } from "@solar-icons/react/linear/eye"
import { GitBranchIcon } from "@solar-icons/react/linear/git-branch"
import { MenuDotsIcon } from "@solar-icons/react/linear/menu-dots"
import { PenIcon } from "@solar-icons/react/linear/pen"
import { RefreshIcon } from "@solar-icons/react/linear/refresh"
import { ReplyIcon } from "@solar-icons/react/linear/reply"
import { TrashBinMinimalisticIcon } from "@solar-icons/react/linear/trash-bin-minimalistic"
import { UndoLeftIcon } from "@solar-icons/react/linear/undo-left"

import { askAgain, bringBack, removeMessage } from "@/features/conversation/actions"
import { useRoom } from "@/features/conversation/room-context"
import { useStartThread } from "@/features/conversation/use-go"
import type { Lane } from "@/features/runs/lanes-of"
import { IconButton } from "@/components/ui/icon-button"
import { Menu, MenuItem, MenuLine } from "@/components/ui/menu"
import { useCopy } from "@/lib/clipboard"
import { isDeleted, type Message } from "@/lib/protocol"

interface ActionsProps {
  message: Message
  /** Of a model's row. */
  lane: Lane | null
}

/** At the top right of a row while it is pointed at or has the focus. */
export function Actions({ message, lane }: ActionsProps) {
  const room = useRoom()
  const { ui, me, canWrite, canManage } = room
  const startThread = useStartThread(room.projectId)
  const [isCopied, copy] = useCopy()
  const isMine = message.author.kind === "person" && message.author.id === me.id
  const mayRemove = canWrite && (isMine || canManage)
  if (isDeleted(message)) return isMine && canWrite ? <Bar><Restore message={message} /></Bar> : null
  const hasMore = (isMine && canWrite) || mayRemove || (lane !== null && message.turn_id)
  return (
    <Bar>
      {canWrite && (
        <>
          <IconButton label="Reply" keys="r" onClick={() => ui.set((now) => ({ ...now, replyTo: message }))}>
            <ReplyIcon size={16} />
          </IconButton>
          <IconButton label="Thread from here" keys="t" onClick={() => startThread(message)}>
            <ChatSquareAddIcon size={16} />
          </IconButton>
          <IconButton label="Branch from here" keys="b" onClick={() => ui.set((now) => ({ ...now, dialog: { kind: "branch", message } }))}>
            <GitBranchIcon size={16} />
          </IconButton>
        </>
      )}
      <IconButton label={isCopied ? "Copied" : "Copy"} onClick={() => copy(message.body)}>
        {isCopied ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
      </IconButton>
      {hasMore && (
        <Menu
          label="More"
          align="end"
          trigger={
            <IconButton label="More" hasTip={false}>
              <MenuDotsIcon size={16} />
            </IconButton>
          }
        >
          {lane && canWrite && (
            <MenuItem icon={<RefreshIcon size={16} />} keys="g" onSelect={() => askAgain(room, lane)}>
              Regenerate
            </MenuItem>
          )}
          {lane && message.turn_id && (
            <MenuItem icon={<EyeIcon size={16} />} keys="e" onSelect={() => ui.set((now) => ({ ...now, dialog: { kind: "prompt", message } }))}>
              What did it see?
            </MenuItem>
          )}
          {isMine && canWrite && (
            <MenuItem icon={<PenIcon size={16} />} onSelect={() => ui.set((now) => ({ ...now, editing: message.id }))}>
              Edit
            </MenuItem>
          )}
          {mayRemove && (
            <>
              {(isMine || lane) && <MenuLine />}
              <MenuItem icon={<TrashBinMinimalisticIcon size={16} />} isDanger onSelect={() => removeMessage(message)}>
                Delete
              </MenuItem>
            </>
          )}
        </Menu>
      )}
    </Bar>
  )
}

function Bar({ children }: { children: React.ReactNode }) {
  return (
    <div className="say-actions" role="toolbar" aria-label="Message">
      {children}
    </div>
  )
}

function Restore({ message }: { message: Message }) {
  return (
    <IconButton label="Bring it back" onClick={() => bringBack(message)}>
      <UndoLeftIcon size={16} />
    </IconButton>
  )
}

