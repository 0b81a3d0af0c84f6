import { GitBranchIcon } from "@solar-icons/react/linear/git-branch"
import { useQuery } from "@tanstack/react-query"

import { useRoom } from "@/features/conversation/room-context"
import { useGoToBranch } from "@/features/conversation/use-go"
import { Chip } from "@/components/ui/chip"
import { Menu, MenuItem, MenuLine, MenuRadioItems } from "@/components/ui/menu"
import { plain } from "@/lib/markdown/safe"
import type { ThreadView } from "@/lib/protocol"
import { threadQuery } from "@/lib/queries"
import { openPanel } from "@/lib/shell"
import { useRoomView } from "@/lib/use-room"

/** In the head: the branch that is looked at, and the way to another. */
export function BranchSwitcher({ thread }: { thread: ThreadView }) {
  const { store, branchId } = useRoom()
  const view = useRoomView(store)
  const known = useQuery(threadQuery(thread.id)).data?.branches ?? []
  const goToBranch = useGoToBranch(thread.project_id, thread.id)
  const branches = known.map((branch) => view.branches.get(branch.id) ?? branch)
  const name = plain((view.branches.get(branchId) ?? branches.find((branch) => branch.is_main))?.name ?? "main")
  const open = branches.filter((branch) => !branch.archived_at || branch.id === branchId)
  return (
    <Menu
      label="Branches"
      trigger={
        <Chip aria-label={`Branch ${name}`} className="min-w-0 shrink">
          <GitBranchIcon size={15} />
          <span className="cut">{name}</span>
        </Chip>
      }
    >
      <MenuRadioItems
        value={branchId || thread.main_branch_id}
        options={open.map((branch) => ({ value: branch.id, label: plain(branch.name), ...(branch.created_by && !branch.is_main && { note: `by ${plain(branch.created_by)}` }) }))}
        onChange={(id) => goToBranch(id === thread.main_branch_id ? null : id)}
      />
      <MenuLine />
      <MenuItem onSelect={() => openPanel("branches")}>All branches</MenuItem>
    </Menu>
  )
}
