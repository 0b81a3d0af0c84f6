/** How one person likes it, kept with their account: the same on every machine. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"

import { api } from "@/lib/api"
import type { MeView } from "@/lib/protocol.gen"
import { meQuery } from "@/lib/queries"
import { keys } from "@/lib/query"

const defaults = {
  single_key_shortcuts: true, // C, J, K … outside a field
  enter_sends: true, // else Enter makes a new line and ⌘Enter sends
}
type Preference = keyof typeof defaults

export function preferenceOf(me: MeView | undefined, name: Preference): boolean {
  const value = me?.preferences[name]
  return typeof value === "boolean" ? value : defaults[name]
}

export function usePreference(name: Preference): boolean {
  return preferenceOf(useQuery(meQuery()).data, name)
}

/** Give a setter: shown at once, kept by the server, taken back if it refuses. */
export function useSetPreference(): (name: Preference, value: boolean) => void {
  const client = useQueryClient()
  const change = useMutation({
    mutationFn: (preferences: MeView["preferences"]) => api.patch<MeView>("/me", { preferences }),
    onMutate: (preferences) => {
      const before = client.getQueryData<MeView>(keys.me)
      if (before) client.setQueryData(keys.me, { ...before, preferences: { ...before.preferences, ...preferences } })
      return before
    },
    onError: (_error, _preferences, before) => client.setQueryData(keys.me, before),
    onSuccess: (me) => client.setQueryData(keys.me, me),
  })
  return (name, value) => change.mutate({ [name]: value })
}
