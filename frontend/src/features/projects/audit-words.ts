/** What the audit log says, as sentences. */

import type { AuditView } from "@/lib/types"

type Say = (subject: string, data: AuditView["data"]) => string

const named = (subject: string, otherwise: string) => (subject ? `“${subject}”` : otherwise)

const SAYINGS: Readonly<Record<string, Say>> = {
  "project.created": (subject) => `made the project ${subject}`,
  "project.renamed": (subject, data) => `renamed ${subject} to ${String(data["to"])}`,
  "project.described": () => "changed what the project is about",
  "project.archived": (subject) => `archived ${subject}`,
  "project.reopened": (subject) => `brought ${subject} back from the archive`,
  "project.deleted": (subject) => `deleted ${subject}`,
  "project.restored": (subject) => `brought ${subject} back`,
  "project.handed_on": (subject) => `handed the project on to ${subject}`,
  "member.joined": (_subject, data) => `joined as ${String(data["role"])}, invited by ${String(data["invited_by"])}`,
  "member.left": () => "left",
  "member.removed": (subject) => `removed ${subject}`,
  "member.role_changed": (subject, data) => `changed ${subject} from ${String(data["old"])} to ${String(data["new"])}`,
  "model.offered": (subject) => `offers ${subject}`,
  "model.withdrawn": (subject) => `took ${subject} out of the pickers`,
  "invite.created": (subject, data) =>
    `made an invitation ${subject ? `for ${named(subject, "")} ` : ""}as ${String(data["role"])}, for ${String(data["max_uses"])}`,
  "invite.revoked": (subject) => `revoked the invitation ${named(subject, "without a note")}`,
  "invite.restored": (subject) => `brought back the invitation ${named(subject, "without a note")}`,
}

/** Alice made Bob admin, before member. What has no sentence yet is said by its name. */
export function sentence({ actor, action, subject, data }: AuditView): string {
  const say = SAYINGS[action]
  const deed = say ? say(subject, data) : `${action.replace(".", " ").replaceAll("_", " ")}${subject ? `: ${subject}` : ""}`
  return `${actor || "Somebody who is gone"} ${deed}.`
}
