import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { MinimalisticMagnifierIcon } from "@solar-icons/react/linear/minimalistic-magnifier"
import { PenNewSquareIcon } from "@solar-icons/react/linear/pen-new-square"
import { SettingsIcon } from "@solar-icons/react/linear/settings"

import { Avatar } from "@/components/ui/avatar"
import { IconButton, iconButtonLook } from "@/components/ui/icon-button"
import { ProjectTiles } from "@/features/projects/rail"
import { ThreadList } from "@/features/threads/thread-list"
import type { MeView, ProjectView, ThreadView } from "@/lib/protocol.gen"
import { projectsQuery } from "@/lib/queries"
import { ask, clearOver, useShell } from "@/lib/shell"

interface ProjectAsideProps {
  project: ProjectView
  me: MeView
  openId: string | undefined
  onPeople: (thread: ThreadView) => void
  onArchived: (thread: ThreadView) => void
}

/** The project's name, its threads, and you: a column, or on a phone the first screen. */
export function ProjectAside({ project, me, openId, onPeople, onArchived }: ProjectAsideProps) {
  const { size } = useShell()
  const isPhone = size === "phone"
  const canWrite = project.permissions.includes("write") && !project.archived_at
  const Column = isPhone ? "main" : "aside"
  return (
    <Column aria-label={`Threads of ${project.name}`} className="flex min-h-0 min-w-0 flex-col border-r border-line bg-sunken max-laptop:border-r-0">
      <header className="flex h-12 shrink-0 items-center gap-0.5 pr-1.5 pl-4 max-laptop:h-14 max-laptop:pl-5 max-tablet:h-[60px] max-tablet:pt-1 max-tablet:pr-2">
        <h1 className="cut grow translate-y-px font-serif text-[1.0625rem]/[1.3] font-medium tracking-[-0.005em] max-laptop:text-[1.25rem] max-tablet:text-[1.625rem] max-tablet:tracking-[-0.012em]">{project.name}</h1>
        <IconButton label="Find or do anything" keys="mod+k" onClick={() => ask("palette")}>
          <MinimalisticMagnifierIcon size={18} />
        </IconButton>
        {canWrite && (
          <IconButton label="New thread" keys="c" onClick={() => ask("new-thread")}>
            <PenNewSquareIcon size={18} />
          </IconButton>
        )}
      </header>
      {isPhone && <PhoneTiles openId={project.id} />}
      <ThreadList
        key={project.id}
        projectId={project.id}
        openId={openId}
        meName={me.name}
        canWrite={canWrite}
        canManage={project.permissions.includes("manage_threads")}
        hasNotes={isPhone}
        onOpen={clearOver}
        onPeople={onPeople}
        onArchived={onArchived}
      />
      <footer className="flex h-[49px] shrink-0 items-center gap-2.5 border-t border-line pr-2 pl-4 max-laptop:h-16 max-laptop:pl-5 max-laptop:text-lane">
        <Link to="/p/$projectId/settings/$page" params={{ projectId: project.id, page: "account" }} className="hit flex min-w-0 grow items-center gap-2.5">
          <Avatar name={me.name} size={isPhone ? "normal" : "small"} />
          <span className="cut font-medium">{me.name}</span>
        </Link>
        {isPhone && (
          <Link to="/p/$projectId/settings/$page" params={{ projectId: project.id, page: "index" }} aria-label="Settings" className={iconButtonLook()}>
            <SettingsIcon size={20} />
          </Link>
        )}
      </footer>
    </Column>
  )
}

function PhoneTiles({ openId }: { openId: string }) {
  const projects = useQuery(projectsQuery()).data ?? []
  return (
    <nav aria-label="Projects" className="flex shrink-0 gap-2 overflow-x-auto border-b border-line px-4 pt-1 pb-2.5 [scrollbar-width:none]">
      <ProjectTiles projects={projects} openId={openId} onNew={() => ask("new-project")} ground="var(--sunken)" />
    </nav>
  )
}
