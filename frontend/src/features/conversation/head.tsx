import type { ReactNode } from "react"
import { LockKeyholeMinimalisticIcon as LockIcon } from "@solar-icons/react/linear/lock-keyhole-minimalistic"

import { BranchSwitcher } from "@/features/conversation/branch-switcher"
import { Here } from "@/features/presence/here"
import { PhoneWho } from "@/features/presence/phone-who"
import { cn } from "@/lib/cn"
import { plain } from "@/lib/markdown/safe"
import type { ThreadView } from "@/lib/protocol"
import { useShell } from "@/lib/shell"

interface RoomHeadProps {
  start?: ReactNode
  end?: ReactNode
  title: string
  thread?: ThreadView
  hasBranch?: boolean
  hasLine?: boolean
}

/** The room's name, its branch, and who is here. */
export function RoomHead({ start, end, title, thread, hasBranch = false, hasLine = true }: RoomHeadProps) {
  const isPhone = useShell().size === "phone"
  return (
    <header className={cn("room-head", hasLine && "border-line")}>
      {start && <span className="-ml-3 flex empty:hidden max-tablet:ml-0">{start}</span>}
      <div className="min-w-0 max-tablet:grow">
        <h2 className="flex min-w-0 items-center gap-1.5 text-[0.875rem]/[1.3] font-semibold max-tablet:text-lane/[1.25]">
          <span className="cut">{plain(title) || "New thread"}</span>
          {thread?.is_private && <LockIcon size={14} className="shrink-0 text-ink-3" aria-label="private" role="img" />}
        </h2>
        {isPhone && thread && <PhoneWho threadId={thread.id} />}
      </div>
      {thread && hasBranch && !isPhone && <BranchSwitcher thread={thread} />}
      <span className="grow max-tablet:hidden" />
      {thread && !isPhone && <Here threadId={thread.id} />}
      {end}
    </header>
  )
}
