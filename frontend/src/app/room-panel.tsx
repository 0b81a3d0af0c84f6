import { useQuery } from "@tanstack/react-query"
import { lazy, Suspense } from "react"
import { AltArrowLeftIcon } from "@solar-icons/react/linear/alt-arrow-left"
import { UserPlusIcon } from "@solar-icons/react/linear/user-plus"

import { IconButton } from "@/components/ui/icon-button"
import { Skeleton } from "@/components/ui/skeleton"
import { Tabs } from "@/components/ui/tabs"
import { useHere, useTyping } from "@/features/presence/use-presence"
import { PeopleTab } from "@/features/projects/people-tab"
import { meQuery, projectsQuery, threadQuery } from "@/lib/queries"
import { ask, closePanel, openPanel, useShell, type PanelTab } from "@/lib/shell"
import { runShortcut } from "@/lib/shortcuts"

const BranchesTab = lazy(() => import("@/features/conversation/branches-tab"))

/** Who is in the room, and how it branches. Beside the room, over it, or a screen of its own. */
export function RoomPanel({ projectId, threadId }: { projectId: string; threadId: string }) {
  const { tab, size } = useShell()
  const me = useQuery(meQuery()).data
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  const detail = useQuery(threadQuery(threadId)).data
  const here = useHere(threadId)
  const typing = useTyping(threadId)
  const isPhone = size === "phone"
  if (!project || !me) return null
  const mayInvite = project.permissions.includes("manage_people")

  const people = (
    <PeopleTab
      project={project}
      meId={me.id}
      hereIds={new Set(here.map((person) => person.id))}
      typingIds={new Set(typing.map((person) => person.id))}
      onlyIds={detail?.thread.is_private ? new Set(detail.people.map((person) => person.id)) : null}
      lineUp={detail?.thread.line_up ?? []}
      onInvite={() => ask("invite")}
      onChangeLineUp={detail?.can_write && !isPhone ? () => void runShortcut("mod+m") : null}
    />
  )
  const branches = (
    <Suspense fallback={<div className="p-5"><Skeleton /></div>}>
      <BranchesTab threadId={threadId} />
    </Suspense>
  )
  const Column = isPhone ? "main" : "aside"
  return (
    <Column aria-label="People and branches" className="flex min-h-0 min-w-0 flex-col border-l border-line bg-sunken max-tablet:border-0 max-tablet:bg-paper">
      {isPhone && (
        <header className="flex h-14 shrink-0 items-center pr-1.5 pl-0.5">
          <IconButton label="Back to the room" hasTip={false} onClick={closePanel}>
            <AltArrowLeftIcon size={18} />
          </IconButton>
          <h1 className="cut grow text-lane font-semibold">{detail?.thread.title || "New thread"}</h1>
          {mayInvite && (
            <IconButton label="Invite" hasTip={false} className="text-pen" onClick={() => ask("invite")}>
              <UserPlusIcon size={18} />
            </IconButton>
          )}
        </header>
      )}
      <Tabs<PanelTab>
        label="People and branches"
        value={tab ?? "people"}
        onChange={openPanel}
        tabs={[
          { value: "people", label: "People", content: people },
          { value: "branches", label: "Branches", content: branches },
        ]}
      />
    </Column>
  )
}
