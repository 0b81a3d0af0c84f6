import { useQuery } from "@tanstack/react-query"
import { useRef, useState } from "react"

import { Button } from "@/components/ui/button"
import { Ask } from "@/components/ui/dialog"
import { Field, Input } from "@/components/ui/field"
import { useProjectActions } from "@/features/projects/use-project-actions"
import { wordsOf } from "@/lib/api"
import { plural } from "@/lib/format"
import type { ProjectView } from "@/lib/protocol.gen"
import { membersQuery } from "@/lib/queries"

interface PartingProps {
  project: ProjectView
  onClose: () => void
  onGone: () => void
}

export function LeaveProject({ project, meId, onClose, onGone }: PartingProps & { meId: string }) {
  const { leave } = useProjectActions()
  const stay = useRef<HTMLButtonElement>(null)
  const [refusal, setRefusal] = useState("")
  async function go() {
    try {
      await leave(project.id, meId)
      onGone()
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  }
  return (
    <Ask
      isOpen
      onClose={onClose}
      initialFocus={stay}
      title={`Leave ${project.name}?`}
      about="You lose its threads at once. What you wrote stays, with your name. To come back you need an invitation."
      foot={
        <>
          <Button ref={stay} onClick={onClose}>
            Stay
          </Button>
          <Button look="danger" onClick={() => void go()}>
            Leave {project.name}
          </Button>
        </>
      }
    >
      {refusal && <Refusal words={refusal} />}
    </Ask>
  )
}

/** The name is typed: the one deed that a toast could not take back in time. */
export function DeleteProject({ project, onClose, onGone }: PartingProps) {
  const { remove } = useProjectActions()
  const people = useQuery(membersQuery(project.id)).data?.length ?? 1
  const keep = useRef<HTMLButtonElement>(null)
  const [typed, setTyped] = useState("")
  const [refusal, setRefusal] = useState("")
  async function go() {
    try {
      await remove(project.id, typed.trim())
      onGone()
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  }
  return (
    <Ask
      isOpen
      onClose={onClose}
      initialFocus={keep}
      title={`Delete ${project.name}?`}
      about={`All its threads, and what ${plural(people, "person", "people")} wrote. You can bring it back for 30 days; then it is gone.`}
      foot={
        <>
          <Button ref={keep} onClick={onClose}>
            Keep it
          </Button>
          <Button look="danger" disabled={typed.trim() !== project.name} onClick={() => void go()}>
            Delete {project.name}
          </Button>
        </>
      }
    >
      <Field label="Type its name" className="mt-3.5">
        {(control) => <Input {...control} value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} />}
      </Field>
      {refusal && <Refusal words={refusal} />}
    </Ask>
  )
}

function Refusal({ words }: { words: string }) {
  return (
    <p role="alert" className="mt-3 leading-[1.45] text-danger">
      {words}
    </p>
  )
}
