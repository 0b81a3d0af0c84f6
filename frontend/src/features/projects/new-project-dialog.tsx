import { zodResolver } from "@hookform/resolvers/zod"
import { useRef, useState } from "react"
import { useForm } from "react-hook-form"
import * as z from "zod/mini"
import { UserIcon } from "@solar-icons/react/linear/user"

import { Button } from "@/components/ui/button"
import { Dialog, DialogNote } from "@/components/ui/dialog"
import { Field, Input } from "@/components/ui/field"
import { useProjectActions } from "@/features/projects/use-project-actions"
import { wordsOf } from "@/lib/api"
import type { ProjectView } from "@/lib/protocol.gen"

const schema = z.object({
  name: z.string().check(z.trim(), z.minLength(1, "A project needs a name."), z.maxLength(80, "A name has 80 characters at most.")),
  about: z.string().check(z.trim(), z.maxLength(500, "500 characters are the most.")),
})

export default function NewProjectDialog({ onClose, onMade }: { onClose: () => void; onMade: (project: ProjectView) => void }) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { name: "", about: "" } })
  const { create } = useProjectActions()
  const [refusal, setRefusal] = useState("")
  const first = useRef<HTMLInputElement | null>(null)
  const { ref, ...name } = form.register("name")

  const submit = form.handleSubmit(async (values) => {
    setRefusal("")
    try {
      onMade(await create(values.name, values.about))
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  })

  return (
    <Dialog
      isOpen
      onClose={onClose}
      onSubmit={() => void submit()}
      title="New project"
      initialFocus={first}
      foot={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={form.formState.isSubmitting}>
            Make the project
          </Button>
        </>
      }
    >
      <Field label="Name" className="mt-3.5" error={form.formState.errors.name?.message}>
        {(control) => (
          <Input
            {...control}
            {...name}
            ref={(node) => {
              ref(node)
              first.current = node
            }}
            autoComplete="off"
          />
        )}
      </Field>
      <Field label="What it is about" className="mt-3.5" error={form.formState.errors.about?.message}>
        {(control) => <Input {...control} {...form.register("about")} placeholder="In a sentence; those you invite read it" autoComplete="off" />}
      </Field>
      <DialogNote icon={<UserIcon size={16} />}>Only you, until you invite.</DialogNote>
      {refusal && (
        <p role="alert" className="mt-3 leading-[1.45] text-danger">
          {refusal}
        </p>
      )}
    </Dialog>
  )
}
