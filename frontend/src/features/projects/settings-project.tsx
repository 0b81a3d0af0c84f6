import { useQuery } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"

import { Button } from "@/components/ui/button"
import { Select } from "@/components/ui/field"
import { KeptField } from "@/components/ui/kept-field"
import { Leaf, Part } from "@/components/ui/part"
import { toast } from "@/components/ui/toast"
import { DeleteProject, LeaveProject } from "@/features/projects/parting-dialogs"
import { withArticle } from "@/features/projects/roles"
import { useProjectActions } from "@/features/projects/use-project-actions"
import { wordsOf } from "@/lib/api"
import type { ProjectView } from "@/lib/protocol.gen"
import { membersQuery } from "@/lib/queries"

interface SettingsProjectProps {
  project: ProjectView
  meId: string
  /** The archived threads; another feature's. */
  archived: ReactNode
  onGone: () => void
}

/** What the project is called and about, what is archived in it, and the ways to part with it. */
export function SettingsProject({ project, meId, archived, onGone }: SettingsProjectProps) {
  const { change } = useProjectActions()
  const mayManage = project.permissions.includes("manage_project")
  const mayHandOn = project.permissions.includes("hand_on")
  const isArchived = Boolean(project.archived_at)
  const [asked, setAsked] = useState<"leave" | "delete" | null>(null)

  async function archive(to: boolean) {
    try {
      await change(project.id, { is_archived: to })
      toast({
        text: to ? <>Archived <b className="font-semibold">{project.name}</b></> : <><b className="font-semibold">{project.name}</b> is open again.</>,
        ...(to && { undo: () => void archive(false) }),
      })
    } catch (error) {
      toast({ text: wordsOf(error), isRefusal: true })
    }
  }

  return (
    <Leaf title={project.name} about={`You are here as ${withArticle(project.role)}.`}>
      <Part title="What it is" about="Those you invite read both before they join." className="grid gap-3.5">
        <KeptField label="Name" value={project.name} maxLength={80} isFixed={!mayManage} wordsOf={wordsOf} onKeep={(name) => change(project.id, { name })} />
        <KeptField
          label="What it is about"
          value={project.about}
          maxLength={500}
          isLong
          isOptional
          isFixed={!mayManage}
          wordsOf={wordsOf}
          onKeep={(about) => change(project.id, { about })}
        />
      </Part>
      <Part title="Archived threads" about="They are read as ever; nothing is written in them.">
        {archived}
      </Part>
      {mayHandOn && <HandOn project={project} meId={meId} />}
      {mayManage && (
        <Part title={isArchived ? "Bring it back" : "Archive"} about={isArchived ? "It is archived: it is read, and nobody writes." : "It stays to be read; nobody writes until it is brought back."}>
          <Button onClick={() => void archive(!isArchived)}>{isArchived ? `Bring ${project.name} back` : `Archive ${project.name}`}</Button>
        </Part>
      )}
      {project.role !== "owner" && (
        <Part title="Leave" about="What you wrote stays, with your name.">
          <Button look="quietDanger" className="-ml-2" onClick={() => setAsked("leave")}>
            Leave {project.name}…
          </Button>
        </Part>
      )}
      {mayHandOn && (
        <Part title="Delete" about="It can be brought back for 30 days; then it is gone.">
          <Button look="quietDanger" className="-ml-2" onClick={() => setAsked("delete")}>
            Delete {project.name}…
          </Button>
        </Part>
      )}
      {asked === "leave" && <LeaveProject project={project} meId={meId} onClose={() => setAsked(null)} onGone={onGone} />}
      {asked === "delete" && <DeleteProject project={project} onClose={() => setAsked(null)} onGone={onGone} />}
    </Leaf>
  )
}

function HandOn({ project, meId }: { project: ProjectView; meId: string }) {
  const members = useQuery(membersQuery(project.id)).data ?? []
  const { handOn } = useProjectActions()
  const others = members.filter((member) => member.user_id !== meId)
  const [chosen, setChosen] = useState("")
  const name = others.find((member) => member.user_id === chosen)?.name

  async function give() {
    try {
      await handOn(project.id, chosen)
      toast({ text: <><b className="font-semibold">{name}</b> looks after {project.name} now.</> })
    } catch (error) {
      toast({ text: wordsOf(error), isRefusal: true })
    }
  }
  return (
    <Part title="Hand it on" about="Somebody else looks after it; you become an admin.">
      {others.length === 0 ? (
        <p className="text-ink-3">Nobody else is in {project.name} yet.</p>
      ) : (
        <div className="flex gap-2">
          <Select aria-label="Who looks after it next" value={chosen} onChange={(event) => setChosen(event.target.value)}>
            <option value="">Somebody</option>
            {others.map((member) => (
              <option key={member.user_id} value={member.user_id}>
                {member.name}, {member.role}
              </option>
            ))}
          </Select>
          <Button size="field" disabled={!name} onClick={() => void give()}>
            {name ? `Hand it to ${name}` : "Hand it on"}
          </Button>
        </div>
      )}
    </Part>
  )
}
