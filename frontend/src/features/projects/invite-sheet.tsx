import { zodResolver } from "@hookform/resolvers/zod"
import { useState } from "react"
import { useForm } from "react-hook-form"
import * as z from "zod/mini"
import { CheckIcon } from "@solar-icons/react/linear/check"
import { CopyIcon } from "@solar-icons/react/linear/copy"

import { Button } from "@/components/ui/button"
import { Fact, Facts } from "@/components/ui/facts"
import { Field, Input, Select } from "@/components/ui/field"
import { Sheet } from "@/components/ui/sheet"
import { toast } from "@/components/ui/toast"
import { Uses } from "@/components/ui/uses"
import { MAY, roleOptions } from "@/features/projects/roles"
import { usePeopleActions } from "@/features/projects/use-project-actions"
import { wordsOf } from "@/lib/api"
import { capital, time, weekdayDate } from "@/lib/format"
import type { InviteView, ProjectView } from "@/lib/protocol.gen"

const MOST_USES = 100
const schema = z.object({
  note: z.string().check(z.trim(), z.maxLength(80, "A note has 80 characters at most.")),
  role: z.enum(["admin", "member", "viewer"]),
  days: z.enum(["1", "7", "30"]),
  max_uses: z.coerce.number<string>("A number from 1 to 100.").check(z.int("A whole number."), z.gte(1, "Once at least."), z.lte(MOST_USES, "100 at most.")),
})
const defaultValues = { note: "", role: "member", days: "7", max_uses: "5" } as const

/** Makes a link that lets people in. It is shown once, because only its fingerprint is kept. */
export default function InviteSheet({ project, onClose }: { project: ProjectView; onClose: () => void }) {
  const [made, setMade] = useState<InviteView | null>(null)
  const { revoke } = usePeopleActions(project.id)
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={`Invite to ${project.name}`}
      about="Who joins sees every thread that is not private, from its beginning."
      foot={
        made ? (
          <>
            <Button
              look="quietDanger"
              onClick={() => {
                void revoke(made)
                onClose()
              }}
            >
              Revoke it
            </Button>
            <span className="grow" />
            <Button look="quiet" onClick={() => setMade(null)}>
              Another link
            </Button>
            <Button onClick={onClose}>Done</Button>
          </>
        ) : (
          <>
            <span className="grow" />
            <Button look="quiet" onClick={onClose}>
              Cancel
            </Button>
            <Button look="primary" type="submit" form="invite">
              Make the link
            </Button>
          </>
        )
      }
    >
      {made ? <Made invite={made} /> : <Form projectId={project.id} onMade={setMade} />}
    </Sheet>
  )
}

function Form({ projectId, onMade }: { projectId: string; onMade: (invite: InviteView) => void }) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues })
  const { invite } = usePeopleActions(projectId)
  const [refusal, setRefusal] = useState("")
  const { errors } = form.formState
  const submit = form.handleSubmit(async ({ days, ...values }) => {
    setRefusal("")
    try {
      onMade(await invite({ ...values, days: Number(days) }))
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  })
  return (
    <form id="invite" onSubmit={(event) => void submit(event)} noValidate className="grid gap-3.5 pb-5">
      <Field label="For whom" hint="A note for you and the other admins." error={errors.note?.message}>
        {(control) => <Input {...control} {...form.register("note")} placeholder="Harbour staff, spring" autoComplete="off" />}
      </Field>
      <Field label="It gives">
        {(control) => (
          <Select {...control} {...form.register("role")}>
            {roleOptions.map((role) => (
              <option key={role.value} value={role.value}>
                {role.label}: {role.note}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <div className="grid grid-cols-2 gap-5">
        <Field label="Expires">
          {(control) => (
            <Select {...control} {...form.register("days")}>
              <option value="1">in one day</option>
              <option value="7">in 7 days</option>
              <option value="30">in 30 days</option>
            </Select>
          )}
        </Field>
        <Field label="Works for" error={errors.max_uses?.message}>
          {(control) => (
            <span className="relative block">
              <Input {...control} {...form.register("max_uses")} inputMode="numeric" className="num pr-16" />
              <span className="pointer-events-none absolute top-2.5 right-3 text-ink-3">people</span>
            </span>
          )}
        </Field>
      </div>
      {refusal && (
        <p role="alert" className="leading-[1.45] text-danger">
          {refusal}
        </p>
      )}
    </form>
  )
}

function Made({ invite }: { invite: InviteView }) {
  const [isCopied, setIsCopied] = useState(false)
  const link = invite.link ?? ""
  const left = invite.max_uses - invite.used_count
  async function copy() {
    try {
      await navigator.clipboard.writeText(link)
      setIsCopied(true)
    } catch {
      toast({ text: "This browser keeps the clipboard shut. Copy the link by hand.", isRefusal: true })
    }
  }
  return (
    <>
      <label htmlFor="invite-link" className="mb-1.5 block font-medium">
        The link
      </label>
      <div className="flex gap-2">
        <Input
          id="invite-link"
          readOnly
          value={link}
          onFocus={(event) => event.target.select()}
          className="cut font-mono text-[0.78125rem] [&[readonly]]:bg-raised [&[readonly]]:text-ink"
          aria-describedby="invite-once"
        />
        <Button look="primary" size="field" onClick={() => void copy()} autoFocus>
          {isCopied ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
          {isCopied ? "Copied" : "Copy"}
        </Button>
      </div>
      <p id="invite-once" className="mt-[7px] text-small/[1.5] text-ink-3">
        Copy it now. Only its fingerprint is kept, so it is not shown a second time.
      </p>
      <Facts className="mt-3.5">
        {invite.note && <Fact name="For">{invite.note}</Fact>}
        <Fact name="It gives" note={MAY[invite.role]}>
          {capital(invite.role)}
        </Fact>
        <Fact name="Expires" note={`${weekdayDate(invite.expires_at)}, ${time(invite.expires_at)}`}>
          {inDays(invite)}
        </Fact>
        <Fact name="Uses left">
          <span className="flex items-center gap-3">
            {left} of {invite.max_uses}
            <Uses left={left} of={invite.max_uses} />
          </span>
        </Fact>
      </Facts>
    </>
  )
}

function inDays({ created_at, expires_at }: InviteView): string {
  const days = Math.round((Date.parse(expires_at) - Date.parse(created_at)) / 86_400_000)
  return days === 1 ? "in one day" : `in ${days} days`
}
