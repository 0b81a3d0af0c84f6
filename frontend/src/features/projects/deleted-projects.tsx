import { useQuery, useQueryClient } from "@tanstack/react-query"

import { Button } from "@/components/ui/button"
import { Lines, Part } from "@/components/ui/part"
import { toast } from "@/components/ui/toast"
import { deletedProjectsQuery } from "@/features/projects/queries"
import { useProjectActions } from "@/features/projects/use-project-actions"
import { wordsOf } from "@/lib/api"
import { date } from "@/lib/format"
import type { ProjectView } from "@/lib/protocol.gen"

const KEPT_DAYS = 30

/** The projects this person deleted, for as long as they can be brought back. Nothing where there are none. */
export function DeletedProjects() {
  const client = useQueryClient()
  const deleted = useQuery(deletedProjectsQuery()).data ?? []
  const { restore } = useProjectActions()
  if (deleted.length === 0) return null

  async function bringBack(project: ProjectView) {
    try {
      await restore(project.id)
      await client.invalidateQueries({ queryKey: deletedProjectsQuery().queryKey })
      toast({ text: <><b className="font-semibold">{project.name}</b> is back.</> })
    } catch (error) {
      toast({ text: wordsOf(error), isRefusal: true })
    }
  }
  return (
    <Part title="Deleted projects" about="They can be brought back for 30 days; then they are gone.">
      <Lines>
        {deleted.map((project) => (
          <li key={project.id}>
            <span className="cut min-w-0 grow">{project.name}</span>
            {project.deleted_at && (
              <span className="num text-small text-ink-3">gone on {date(new Date(Date.parse(project.deleted_at) + KEPT_DAYS * 86_400_000))}</span>
            )}
            <Button look="quiet" className="-mr-2" onClick={() => void bringBack(project)}>
              Bring back
            </Button>
          </li>
        ))}
      </Lines>
    </Part>
  )
}
