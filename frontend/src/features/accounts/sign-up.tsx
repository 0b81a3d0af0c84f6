import { zodResolver } from "@hookform/resolvers/zod"
import { useState } from "react"
import { useForm } from "react-hook-form"
import * as z from "zod/mini"

import { Button } from "@/components/ui/button"
import { Field, Input, PasswordInput } from "@/components/ui/field"
import { auth, fieldOf } from "@/features/accounts/auth"
import { Wrong } from "@/features/accounts/door"
import { emailRule, nameRule, PASSWORD_HINT, passwordRule } from "@/features/accounts/rules"
import { wordsOf } from "@/lib/api"

const schema = z.object({ name: nameRule, email: emailRule, password: passwordRule })
type Name = keyof z.infer<typeof schema>

interface SignUpFormProps {
  label: string
  button: string
  /** An invitation's code: the account comes in with it. */
  invite?: string
  onDone: () => Promise<void> | void
}

/** A name, an email, a password: an account, signed in at once. */
export function SignUpForm({ label, button, invite, onDone }: SignUpFormProps) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { name: "", email: "", password: "" } })
  const [refusal, setRefusal] = useState("")
  const { errors, isSubmitting } = form.formState

  const submit = form.handleSubmit(async (values) => {
    setRefusal("")
    try {
      await auth.signUp({ ...values, ...(invite && { invite }) })
    } catch (error) {
      const field = fieldOf(error)
      if (field in values) form.setError(field as Name, { message: wordsOf(error) }, { shouldFocus: true })
      else setRefusal(wordsOf(error))
      return
    }
    await onDone()
  })

  return (
    <form aria-label={label} onSubmit={(event) => void submit(event)} noValidate className="mt-2.5">
      <Field label="Your name" className="mt-[18px]" error={errors.name?.message}>
        {(control) => <Input {...control} {...form.register("name")} size="big" autoComplete="name" autoFocus />}
      </Field>
      <Field label="Email" className="mt-[18px]" error={errors.email?.message}>
        {(control) => <Input {...control} {...form.register("email")} size="big" type="email" autoComplete="username" />}
      </Field>
      <Field label="Password" className="mt-[18px]" hint={PASSWORD_HINT} error={errors.password?.message}>
        {(control) => <PasswordInput {...control} {...form.register("password")} size="big" autoComplete="new-password" />}
      </Field>
      {refusal && <Wrong>{refusal}</Wrong>}
      <Button look="primary" size="big" type="submit" className="mt-[22px] w-full" disabled={isSubmitting}>
        {button}
      </Button>
    </form>
  )
}
