import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { AddIcon } from "@solar-icons/react/linear/add"

import { Tip } from "@/components/ui/tooltip"
import { cn } from "@/lib/cn"
import { initial } from "@/lib/format"
import type { ProjectView } from "@/lib/protocol.gen"

const tile =
  "relative grid size-10 shrink-0 place-items-center rounded-[11px] font-serif text-[1.0625rem]/none font-medium text-ink-2 hover:bg-hover pointer-coarse:size-11"
const tileOn = "bg-paper text-ink shadow-[0_0_0_1px_var(--line-strong)] hover:bg-paper"

interface TilesProps {
  projects: readonly ProjectView[]
  openId: string | undefined
  onNew: () => void
  ground: string
}

/** One tile for each project; a dot says that something new was said in it. */
export function ProjectTiles({ projects, openId, onNew, ground }: TilesProps) {
  return (
    <>
      {projects.map((project) => {
        const isOpen = project.id === openId
        const hasNews = project.has_news && !isOpen
        return (
          <Tip key={project.id} label={project.name}>
            <Link
              to="/p/$projectId"
              params={{ projectId: project.id }}
              aria-label={hasNews ? `${project.name}, something new` : project.name}
              aria-current={isOpen ? "true" : undefined}
              className={cn(tile, isOpen && tileOn, project.archived_at && "text-ink-3")}
            >
              {initial(project.name)}
              {hasNews && <span className="absolute top-[3px] right-[3px] size-2 rounded-full bg-pen" style={{ boxShadow: `0 0 0 2px ${ground}` }} />}
            </Link>
          </Tip>
        )
      })}
      {projects.length > 0 && <span className="my-1 h-px w-5 shrink-0 bg-line-strong max-tablet:hidden" />}
      <Tip label="New project">
        <button type="button" aria-label="New project" onClick={onNew} className={cn(tile, "text-ink-3")}>
          <AddIcon size={18} />
        </button>
      </Tip>
    </>
  )
}

/** The outermost column: projects above, settings below. */
export function Rail({ children, foot }: { children: ReactNode; foot: ReactNode }) {
  return (
    <nav aria-label="Projects" className="flex flex-col items-center gap-1.5 overflow-x-hidden overflow-y-auto bg-ground pt-2 pb-3 [scrollbar-width:none]">
      {children}
      <span className="grow" />
      {foot}
    </nav>
  )
}

/** The gear at the rail's foot. */
export function tileLook(isOn: boolean): string {
  return cn(tile, isOn ? tileOn : "text-ink-3")
}
