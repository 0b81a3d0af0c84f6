import { zodResolver } from "@hookform/resolvers/zod"
import { useQuery } from "@tanstack/react-query"
import { useRef, useState } from "react"
import { useForm, useWatch } from "react-hook-form"
import * as z from "zod/mini"

import { Button } from "@/components/ui/button"
import { Radio } from "@/components/ui/choice"
import { Dialog, DialogNote } from "@/components/ui/dialog"
import { Field, Input } from "@/components/ui/field"
import { Glyph } from "@/components/ui/glyph"
import { Kbd } from "@/components/ui/kbd"
import { PeoplePicker } from "@/features/threads/people-picker"
import { useThreadActions } from "@/features/threads/use-thread-actions"
import { wordsOf } from "@/lib/api"
import type { ThreadDetail } from "@/lib/protocol.gen"
import { modelsQuery } from "@/lib/queries"

const schema = z.object({
  title: z.string().check(z.trim(), z.maxLength(200, "A name has 200 characters at most.")),
  who: z.enum(["all", "chosen"]),
})
type Values = z.infer<typeof schema>

interface NewThreadDialogProps {
  projectId: string
  projectName: string
  meId: string
  /** Who answers where the person was last: they answer in the new one, too. */
  lineUp: string[]
  onClose: () => void
  onMade: (thread: ThreadDetail) => void
}

export default function NewThreadDialog({ projectId, projectName, meId, lineUp, onClose, onMade }: NewThreadDialogProps) {
  const form = useForm<Values>({ resolver: zodResolver(schema), defaultValues: { title: "", who: "all" } })
  const { create } = useThreadActions()
  const models = useQuery(modelsQuery(projectId)).data
  const who = useWatch({ control: form.control, name: "who" })
  const [people, setPeople] = useState<ReadonlySet<string>>(new Set([meId]))
  const [refusal, setRefusal] = useState("")
  const first = useRef<HTMLInputElement | null>(null)
  const { ref, ...title } = form.register("title")
  const answering = lineUp.flatMap((id) => models?.find((model) => model.model_id === id && model.is_offered) ?? [])

  const submit = form.handleSubmit(async (values) => {
    setRefusal("")
    try {
      const isPrivate = values.who === "chosen"
      onMade(
        await create(projectId, {
          title: values.title,
          is_private: isPrivate,
          people: isPrivate ? [...people].filter((id) => id !== meId) : [],
          ...(answering.length > 0 && { line_up: answering.map((model) => model.model_id) }),
        }),
      )
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  })

  return (
    <Dialog
      isOpen
      onClose={onClose}
      onSubmit={() => void submit()}
      title="New thread"
      initialFocus={first}
      foot={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={form.formState.isSubmitting}>
            Start it
            <Kbd className="-mr-1 text-pen-ink shadow-[inset_0_0_0_1px_color-mix(in_oklab,var(--pen-ink)_45%,transparent)] pointer-coarse:hidden">⏎</Kbd>
          </Button>
        </>
      }
    >
      <Field label="About" className="mt-3.5" error={form.formState.errors.title?.message}>
        {(control) => (
          <Input
            {...control}
            {...title}
            ref={(node) => {
              ref(node)
              first.current = node
            }}
            placeholder="Left empty, the first question names it"
            autoComplete="off"
          />
        )}
      </Field>
      <fieldset className="mt-3.5">
        <legend className="mb-1.5 font-medium">Who sees it</legend>
        <Radio value="all" {...form.register("who")}>
          Everyone in {projectName}
        </Radio>
        <Radio value="chosen" {...form.register("who")}>
          Chosen people <span className="text-ink-3">private</span>
        </Radio>
      </fieldset>
      {who === "chosen" && <PeoplePicker projectId={projectId} meId={meId} always={meId} chosen={people} onChange={setPeople} />}
      {answering.length > 0 && (
        <DialogNote
          icon={
            <span className="flex gap-2">
              {answering.slice(0, 6).map((model) => (
                <Glyph key={model.model_id} slot={model.slot} name={model.name} />
              ))}
            </span>
          }
        >
          <span className="sr-only">{answering.map((model) => model.name).join(", ")} </span>
          {answering.length === 1 ? "answers here" : "answer here"}, as in the last thread.
        </DialogNote>
      )}
      {refusal && (
        <p role="alert" className="mt-3 leading-[1.45] text-danger">
          {refusal}
        </p>
      )}
    </Dialog>
  )
}
