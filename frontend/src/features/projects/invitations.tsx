import { useQuery, useQueryClient } from "@tanstack/react-query"
import { useEffect } from "react"

import { Button } from "@/components/ui/button"
import { Section } from "@/features/projects/people-section"
import { invitesQuery } from "@/features/projects/queries"
import { usePeopleActions } from "@/features/projects/use-project-actions"
import { until } from "@/lib/format"
import { keys } from "@/lib/query"

/** The invitations that still work. Revoking is at once; the toast takes it back. */
export function Invitations({ projectId, memberCount }: { projectId: string; memberCount: number }) {
  const client = useQueryClient()
  // Whoever came used one of them.
  useEffect(() => void client.invalidateQueries({ queryKey: keys.invites(projectId) }), [client, projectId, memberCount])
  const invites = useQuery(invitesQuery(projectId)).data?.filter((invite) => invite.state === "open") ?? []
  const { revoke } = usePeopleActions(projectId)
  if (invites.length === 0) return null
  return (
    <Section title="Invitations" count={invites.length}>
      <ul>
        {invites.map((invite) => (
          <li key={invite.id} className="flex min-h-[46px] items-center border-line not-first:border-t max-tablet:min-h-14">
            <span className="min-w-0 grow">
              <span className="cut block font-medium">{invite.note || `Made by ${invite.created_by}`}</span>
              <small className="num mt-0.5 block text-small text-ink-3 max-tablet:text-ui">
                {invite.role} · {invite.max_uses - invite.used_count} of {invite.max_uses} left · {until(invite.expires_at)}
              </small>
            </span>
            <Button look="quiet" className="-mr-2" aria-label={`Revoke ${invite.note || "the invitation"}`} onClick={() => void revoke(invite)}>
              Revoke
            </Button>
          </li>
        ))}
      </ul>
    </Section>
  )
}
