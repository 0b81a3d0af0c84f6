/** Signing up, in and out, and the list of places one is signed in: allauth's headless API, same cookie. */

import { queryOptions } from "@tanstack/react-query"

import { ApiError, request } from "@/lib/api"
import { keys } from "@/lib/query"

const ROOT = "/_allauth/browser/v1"

interface Wrapped<T> {
  data: T
}

/** One place where this person is signed in. Times in seconds since 1970. */
export interface SessionView {
  id: number
  user_agent: string
  ip: string
  created_at: number
  last_seen_at?: number
  is_current: boolean
}

export const auth = {
  signUp: (values: { name: string; email: string; password: string; invite?: string }) => request("POST", `${ROOT}/auth/signup`, values),
  signIn: (values: { email: string; password: string }) => request("POST", `${ROOT}/auth/login`, values),
  /** The answer says that nobody is signed in any more: with 401, which is the success of this call. */
  signOut: () =>
    request("DELETE", `${ROOT}/auth/session`).catch((error: unknown) => {
      if (!(error instanceof ApiError && error.status === 401)) throw error
    }),
  changePassword: (values: { current_password: string; new_password: string }) => request("POST", `${ROOT}/account/password/change`, values),
  endSessions: (ids: number[]) => request("DELETE", `${ROOT}/auth/sessions`, { sessions: ids }),
}

export const sessionsQuery = () =>
  queryOptions({
    queryKey: keys.sessions,
    queryFn: async ({ signal }) => (await request<Wrapped<SessionView[]>>("GET", `${ROOT}/auth/sessions`, undefined, { signal })).data,
    staleTime: 0,
  })

/** Say which field a refusal is about, by allauth's own names; "" when it is about the whole. */
export function fieldOf(error: unknown): string {
  if (!(error instanceof ApiError)) return ""
  const [first] = (error.data["errors"] as { param?: string }[] | undefined) ?? []
  return first?.param ?? ""
}
