import { zodResolver } from "@hookform/resolvers/zod"
import { useQueryClient } from "@tanstack/react-query"
import { useState, type ReactNode } from "react"
import { useForm } from "react-hook-form"
import * as z from "zod/mini"

import { Button } from "@/components/ui/button"
import { Segmented, Switch } from "@/components/ui/choice"
import { Field, Input, PasswordInput } from "@/components/ui/field"
import { Kbd, Keys } from "@/components/ui/kbd"
import { KeptField } from "@/components/ui/kept-field"
import { Leaf, Lines, Part } from "@/components/ui/part"
import { auth, fieldOf } from "@/features/accounts/auth"
import { passwordRule } from "@/features/accounts/rules"
import { Sessions } from "@/features/accounts/sessions"
import { api, wordsOf } from "@/lib/api"
import { preferenceOf, useSetPreference } from "@/lib/preferences"
import type { MeView } from "@/lib/protocol.gen"
import { keys } from "@/lib/query"
import { isDark, setTheme, useTheme, type Theme } from "@/lib/theme"

/** Who you are, your password, where you are signed in, and how you like it. */
export default function SettingsAccount({ me, children }: { me: MeView; children?: ReactNode }) {
  const client = useQueryClient()
  const theme = useTheme()
  const setPreference = useSetPreference()
  return (
    <Leaf title="Account">
      <Part title="Who you are" about="Your name stands beside what you write. Only who runs this server sees your email." className="grid grid-cols-2 gap-x-5 gap-y-3.5 max-tablet:grid-cols-1">
        <KeptField
          label="Name"
          value={me.name}
          maxLength={80}
          wordsOf={wordsOf}
          onKeep={async (name) => {
            client.setQueryData(keys.me, await api.patch<MeView>("/me", { name }))
          }}
        />
        <Field label="Email">{(control) => <Input {...control} value={me.email} readOnly />}</Field>
      </Part>
      <Part title="Password" about="A new one signs you out everywhere else.">
        <PasswordForm email={me.email} />
      </Part>
      <Sessions />
      <Part title="Appearance" about="On this machine only." className="flex flex-wrap items-center gap-4">
        <Segmented<Theme>
          label="Appearance"
          name="theme"
          value={theme}
          onChange={setTheme}
          options={[
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
            { value: "system", label: "As the system" },
          ]}
        />
        {theme === "system" && <span className="text-small text-ink-3">It is {isDark(theme) ? "dark" : "light"} now.</span>}
      </Part>
      <Part
        title="Keys"
        about={
          <>
            Keys with <Keys keys="mod" /> always work.
          </>
        }
      >
        <Lines>
          <li>
            <span className="grow leading-[1.9]">
              Single letters <span className="text-ink-3">outside a field:</span> <Kbd>C</Kbd> <Kbd>J</Kbd> <Kbd>K</Kbd> <Kbd>R</Kbd> <Kbd>G</Kbd>{" "}
              <span className="text-ink-3">and others</span>
            </span>
            <Switch
              label="Single-letter keys"
              checked={preferenceOf(me, "single_key_shortcuts")}
              onChange={(event) => setPreference("single_key_shortcuts", event.target.checked)}
            />
          </li>
          <li>
            <span className="grow leading-[1.9]">
              <Kbd>⏎</Kbd> sends <span className="text-ink-3">when off, it makes a new line and</span> <Keys keys="mod+enter" /> <span className="text-ink-3">sends</span>
            </span>
            <Switch label="Enter sends" checked={preferenceOf(me, "enter_sends")} onChange={(event) => setPreference("enter_sends", event.target.checked)} />
          </li>
        </Lines>
      </Part>
      {children}
    </Leaf>
  )
}

const schema = z.object({ current: z.string().check(z.minLength(1, "The one you have is missing.")), next: passwordRule })

function PasswordForm({ email }: { email: string }) {
  const form = useForm({ resolver: zodResolver(schema), defaultValues: { current: "", next: "" } })
  const client = useQueryClient()
  const [isChanged, setIsChanged] = useState(false)
  const { errors, isSubmitting } = form.formState

  const submit = form.handleSubmit(async ({ current, next }) => {
    setIsChanged(false)
    try {
      await auth.changePassword({ current_password: current, new_password: next })
      form.reset()
      setIsChanged(true)
      await client.invalidateQueries({ queryKey: keys.sessions })
    } catch (error) {
      form.setError(fieldOf(error) === "new_password" ? "next" : "current", { message: wordsOf(error) })
    }
  })
  return (
    <form aria-label="Password" onSubmit={(event) => void submit(event)} noValidate className="grid grid-cols-2 gap-x-5 gap-y-3 max-tablet:grid-cols-1">
      <input type="email" name="email" autoComplete="username" value={email} readOnly hidden />
      <Field label="The one you have" error={errors.current?.message}>
        {(control) => <PasswordInput {...control} {...form.register("current")} autoComplete="current-password" />}
      </Field>
      <Field label="The new one" error={errors.next?.message}>
        {(control) => <PasswordInput {...control} {...form.register("next")} placeholder="At least 12 characters" autoComplete="new-password" />}
      </Field>
      <p className="col-span-full flex items-center gap-3">
        <Button type="submit" disabled={isSubmitting}>
          Change password
        </Button>
        <span role="status" className="text-small text-ok">
          {isChanged && "Password changed. You are signed out everywhere else."}
        </span>
      </p>
    </form>
  )
}
