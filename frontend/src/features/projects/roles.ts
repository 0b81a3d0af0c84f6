/** What roles are called and what they may do, in the words of the interface. */

import { capital } from "@/lib/format"

const GIVEN_ROLES = ["admin", "member", "viewer"] as const
export type GivenRole = (typeof GIVEN_ROLES)[number]

export const MAY: Readonly<Record<string, string>> = {
  owner: "all; hands the project on, deletes it",
  admin: "also people, models, keys and limits",
  member: "reads, writes, asks models",
  viewer: "reads",
}

export const roleOptions = GIVEN_ROLES.map((role) => ({ value: role, label: capital(role), note: MAY[role] ?? "" }))

/** a member, an admin, the owner */
export function withArticle(role: string): string {
  if (role === "owner") return "the owner"
  return `${/^[aeiou]/.test(role) ? "an" : "a"} ${role}`
}
