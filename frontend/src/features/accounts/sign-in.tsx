import { zodResolver } from "@hookform/resolvers/zod"
import { useState } from "react"
import { useForm } from "react-hook-form"
import * as z from "zod/mini"
import { DangerTriangleIcon } from "@solar-icons/react/linear/danger-triangle"

import { Button } from "@/components/ui/button"
import { Field, Input, PasswordInput } from "@/components/ui/field"
import { auth } from "@/features/accounts/auth"
import { Wrong } from "@/features/accounts/door"
import { emailRule } from "@/features/accounts/rules"
import { ApiError, wordsOf } from "@/lib/api"

const schema = z.object({ email: emailRule, password: z.string().check(z.minLength(1, "The password is missing.")) })

interface SignInFormProps {
  label: string
  button: string
  onDone: () => Promise<void> | void
}

/** Email and password. One message for a wrong email and a wrong password, counted down by the server. */
export function SignInForm({ label, button, onDone }: SignInFormProps) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { email: "", password: "" } })
  const [refusal, setRefusal] = useState("")
  const { errors, isSubmitting } = form.formState

  const submit = form.handleSubmit(async (values) => {
    setRefusal("")
    try {
      await auth.signIn(values)
    } catch (error) {
      // 409: this browser is signed in already, in another tab most likely.
      if (!(error instanceof ApiError && error.status === 409)) {
        setRefusal(wordsOf(error))
        return
      }
    }
    await onDone()
  })

  return (
    <form aria-label={label} onSubmit={(event) => void submit(event)} noValidate className="mt-3.5">
      <Field label="Email" className="mt-[18px]" error={errors.email?.message}>
        {(control) => <Input {...control} {...form.register("email")} size="big" type="email" autoComplete="username" autoFocus />}
      </Field>
      <Field label="Password" className="mt-[18px]" error={errors.password?.message}>
        {(control) => (
          <PasswordInput {...control} {...form.register("password")} aria-invalid={refusal ? true : control["aria-invalid"]} size="big" autoComplete="current-password" />
        )}
      </Field>
      {refusal && (
        <Wrong>
          <DangerTriangleIcon size={16} className="mt-px" />
          <span>{refusal}</span>
        </Wrong>
      )}
      <Button look="primary" size="big" type="submit" className="mt-[22px] w-full" disabled={isSubmitting}>
        {button}
      </Button>
    </form>
  )
}
