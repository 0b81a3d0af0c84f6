/** The panel's second tab: every branch of the thread under the one it was made from. */

import "@/features/conversation/conversation.css"

import { useQuery } from "@tanstack/react-query"
import { useSearch } from "@tanstack/react-router"
import { useState } from "react"
import { ArchiveIcon } from "@solar-icons/react/linear/archive"
import { ArchiveUpIcon } from "@solar-icons/react/linear/archive-up"
import { MenuDotsIcon } from "@solar-icons/react/linear/menu-dots"
import { PenIcon } from "@solar-icons/react/linear/pen"

import { attempt } from "@/features/conversation/actions"
import { changeBranch } from "@/features/conversation/api"
import { branchTree, type TreeRow } from "@/features/conversation/branch-tree"
import { useGoToBranch } from "@/features/conversation/use-go"
import { IconButton } from "@/components/ui/icon-button"
import { Input } from "@/components/ui/field"
import { Menu, MenuItem } from "@/components/ui/menu"
import { Skeleton } from "@/components/ui/skeleton"
import { toast } from "@/components/ui/toast"
import { cn } from "@/lib/cn"
import { plural, when } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import type { BranchView } from "@/lib/protocol"
import { threadQuery } from "@/lib/queries"
import { useFollowed } from "@/lib/use-room"

export default function BranchesTab({ threadId }: { threadId: string }) {
  const detail = useQuery(threadQuery(threadId)).data
  const view = useFollowed(threadId)
  const { branch: here } = useSearch({ strict: false })
  if (!detail) return <div className="p-5"><Skeleton /></div>
  const branches = detail.branches.map((branch) => view.branches.get(branch.id) ?? branch)
  const rows = branchTree(branches.filter((branch) => !branch.archived_at))
  const archived = branches.filter((branch) => branch.archived_at)
  const hereId = here ?? detail.thread.main_branch_id
  const door = { projectId: detail.thread.project_id, canWrite: detail.can_write }
  return (
    <>
      <ul className="px-2 py-2">
        {rows.map((row) => (
          <BranchRow key={row.branch.id} row={row} isHere={row.branch.id === hereId} door={door} />
        ))}
      </ul>
      {rows.length === 1 && (
        <p className="border-t border-line px-5 py-4 leading-normal text-ink-2">
          No other branches yet. “Branch from here” beside any message tries another way; what is above it is shared, not copied.
        </p>
      )}
      {archived.length > 0 && (
        <section className="border-t border-line px-2 pt-3">
          <h3 className="px-3 pb-1 text-small text-ink-3">Archived</h3>
          <ul>
            {archived.map((branch) => (
              <BranchRow key={branch.id} row={{ branch, depth: 0, own: branch.head_seq - branch.fork_seq }} isHere={branch.id === hereId} door={door} />
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

interface RowProps {
  row: TreeRow
  isHere: boolean
  door: { projectId: string; canWrite: boolean }
}

function BranchRow({ row: { branch, depth, own }, isHere, door }: RowProps) {
  const goToBranch = useGoToBranch(door.projectId, branch.thread_id)
  const [isRenaming, setIsRenaming] = useState(false)
  const name = plain(branch.name)
  const keep = (change: Parameters<typeof changeBranch>[1]) => attempt(() => changeBranch(branch.id, change))
  function setArchived(isArchived: boolean) {
    void keep({ is_archived: isArchived }).then((isDone) => {
      if (isDone && isArchived) toast({ text: <>Archived <b className="font-semibold">{name}</b>.</>, undo: () => setArchived(false) })
    })
  }
  if (isRenaming)
    return (
      <li className="px-1 py-1">
        <Input
          autoFocus
          aria-label={`Rename ${name}`}
          defaultValue={branch.name}
          maxLength={80}
          onFocus={(event) => event.currentTarget.select()}
          onKeyDown={(event) => {
            if (event.nativeEvent.isComposing) return
            if (event.key === "Enter") event.currentTarget.blur()
            if (event.key === "Escape") {
              event.stopPropagation()
              event.currentTarget.value = branch.name
              event.currentTarget.blur()
            }
          }}
          onBlur={(event) => {
            const said = event.currentTarget.value.trim()
            setIsRenaming(false)
            if (said && said !== branch.name) void keep({ name: said })
          }}
        />
      </li>
    )
  return (
    <li className={cn("group/branch relative flex items-center rounded-md", isHere ? "bg-selected" : "hover:bg-hover")} style={{ paddingLeft: depth * 18 }}>
      {depth > 0 && <i className="branch-corner" style={{ left: depth * 18 - 4 }} />}
      <button
        type="button"
        aria-current={isHere ? "true" : undefined}
        onClick={() => goToBranch(branch.is_main ? null : branch.id)}
        className="flex min-h-11 min-w-0 grow flex-col justify-center px-3 py-1.5 text-left"
      >
        <span className={cn("cut w-full", isHere && "font-medium")}>{name}</span>
        <span className="num cut w-full text-small text-ink-3">{about(branch, own)}</span>
      </button>
      {door.canWrite && (
        <Menu
          label={name}
          align="end"
          trigger={
            <IconButton label={`${name}, more`} hasTip={false} className="opacity-0 group-hover/branch:opacity-100 focus-visible:opacity-100 data-popup-open:opacity-100 pointer-coarse:opacity-100">
              <MenuDotsIcon size={16} />
            </IconButton>
          }
        >
          <MenuItem icon={<PenIcon size={16} />} onSelect={() => setIsRenaming(true)}>
            Rename
          </MenuItem>
          {!branch.is_main && (
            <MenuItem icon={branch.archived_at ? <ArchiveUpIcon size={16} /> : <ArchiveIcon size={16} />} onSelect={() => setArchived(!branch.archived_at)}>
              {branch.archived_at ? "Bring back" : "Archive"}
            </MenuItem>
          )}
        </Menu>
      )}
    </li>
  )
}

function about(branch: BranchView, own: number): string {
  const count = own === 1 ? "one message of its own" : `${plural(own, "message")} of its own`
  if (branch.is_main) return plural(branch.head_seq, "message")
  return [branch.created_by && `by ${plain(branch.created_by)}`, when(branch.created_at), own > 0 ? count : "nothing of its own yet"].filter(Boolean).join(" · ")
}
