import { zodResolver } from "@hookform/resolvers/zod"
import { useQueryClient } from "@tanstack/react-query"
import { useState } from "react"
import { useForm } from "react-hook-form"
import * as z from "zod/mini"

import { Button } from "@/components/ui/button"
import { Field, Input, PasswordInput } from "@/components/ui/field"
import { Sheet } from "@/components/ui/sheet"
import { toast } from "@/components/ui/toast"
import { api, wordsOf } from "@/lib/api"
import { plural } from "@/lib/format"
import { keys } from "@/lib/query"
import type { ProviderView } from "@/lib/types"

const schema = z.object({
  name: z.string().check(z.trim(), z.minLength(1, "A provider needs a name."), z.maxLength(60, "A name has 60 characters at most.")),
  base_url: z.string().check(z.trim(), z.regex(/^https?:\/\/\S+$/, "An address begins with https:// or http://.")),
  key: z.string().check(z.trim()),
  concurrency: z.coerce.number<string>("A number.").check(z.int("A whole number."), z.gte(1, "One at least."), z.lte(64, "64 at most.")),
})

interface ProviderSheetProps {
  provider: ProviderView | null
  projectId: string
  onClose: () => void
}

/** A provider: what it is called, where it is, its key. It is tried once before it is kept. */
export function ProviderSheet({ provider, projectId, onClose }: ProviderSheetProps) {
  const client = useQueryClient()
  const [refusal, setRefusal] = useState("")
  const form = useForm({
    resolver: zodResolver(schema),
    defaultValues: { name: provider?.name ?? "", base_url: provider?.base_url ?? "", key: "", concurrency: String(provider?.concurrency ?? 4) },
  })
  const { errors, isSubmitting } = form.formState

  const submit = form.handleSubmit(async ({ key, ...values }) => {
    setRefusal("")
    const body = { ...values, ...(key && { key }) }
    try {
      const kept = provider ? await api.patch<ProviderView>(`/providers/${provider.id ?? ""}`, body) : await api.post<ProviderView>("/providers", body)
      toast({ text: <><b className="font-semibold">{kept.name}</b> answers, with {plural(kept.model_count, "model")}.</> })
      void client.invalidateQueries({ queryKey: keys.providers })
      void client.invalidateQueries({ queryKey: keys.models(projectId) })
      onClose()
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  })

  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={provider ? provider.name : "Add a provider"}
      about="Whatever speaks OpenAI’s format: a company’s service, or a server of your own."
      foot={
        <>
          <span className="grow" />
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" form="provider" disabled={isSubmitting}>
            {isSubmitting ? "Trying it" : "Try it and keep it"}
          </Button>
        </>
      }
    >
      <form id="provider" onSubmit={(event) => void submit(event)} noValidate className="grid gap-3.5 pb-5">
        <Field label="Name" error={errors.name?.message}>
          {(control) => <Input {...control} {...form.register("name")} placeholder="Harbour box" autoComplete="off" />}
        </Field>
        <Field label="Address" hint="Where its API begins." error={errors.base_url?.message}>
          {(control) => (
            <Input {...control} {...form.register("base_url")} placeholder="http://10.0.4.12:8000/v1" inputMode="url" autoComplete="off" spellCheck={false} className="font-mono text-[0.78125rem]" />
          )}
        </Field>
        <Field
          label="Key"
          hint={provider?.has_key ? "Left empty, the old one stays. A key is kept encrypted and never shown again." : "Left empty if it needs none. It is kept encrypted and never shown again."}
          error={errors.key?.message}
        >
          {(control) => <PasswordInput {...control} {...form.register("key")} autoComplete="off" />}
        </Field>
        <Field label="At once" hint="How many answers it gives at the same time; more wait in line." error={errors.concurrency?.message}>
          {(control) => <Input {...control} {...form.register("concurrency")} inputMode="numeric" className="num w-24" />}
        </Field>
        {refusal && (
          <p role="alert" className="border-l-2 border-danger pl-3.5 leading-[1.45] text-danger">
            {refusal}
          </p>
        )}
      </form>
    </Sheet>
  )
}
