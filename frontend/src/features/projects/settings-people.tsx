import { useInfiniteQuery, useQuery } from "@tanstack/react-query"
import { UserPlusIcon } from "@solar-icons/react/linear/user-plus"

import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import { Leaf, Lines, Part } from "@/components/ui/part"
import { Skeleton } from "@/components/ui/skeleton"
import { sentence } from "@/features/projects/audit-words"
import { auditQuery, invitesQuery } from "@/features/projects/queries"
import { RoleMenu } from "@/features/projects/role-menu"
import { usePeopleActions } from "@/features/projects/use-project-actions"
import { wordsOf } from "@/lib/api"
import { capital, date, plural, until, when } from "@/lib/format"
import type { ProjectView } from "@/lib/protocol.gen"
import { membersQuery } from "@/lib/queries"

interface SettingsPeopleProps {
  project: ProjectView
  meId: string
  onInvite: () => void
}

/** Everybody in the project, who was invited, and who did what. */
export function SettingsPeople({ project, meId, onInvite }: SettingsPeopleProps) {
  const members = useQuery(membersQuery(project.id)).data
  const mayManage = project.permissions.includes("manage_people")
  const actions = usePeopleActions(project.id)
  return (
    <Leaf title="People" about={`Who is in ${project.name}, and what each may do.`}>
      <Part title="Members" about={members && `${capital(plural(members.length, "person", "people"))}.`}>
        {members ? (
          <Lines>
            {members.map((member) => (
              <li key={member.user_id}>
                <Avatar name={member.name} size="small" />
                <span className="cut min-w-0 grow">
                  {member.name} {member.user_id === meId && <span className="text-ink-3">you</span>}
                </span>
                <span className="num text-small text-ink-3 max-tablet:hidden">since {date(member.joined_at)}</span>
                <span className="flex w-24 justify-end">
                  {mayManage && member.role !== "owner" && member.user_id !== meId ? (
                    <RoleMenu
                      member={member}
                      projectName={project.name}
                      onOpenChange={() => undefined}
                      onRole={(role) => void actions.changeRole(member, role)}
                      onRemove={() => void actions.remove(member)}
                    />
                  ) : (
                    <span className="pr-[26px] pl-2 text-small text-ink-3">{member.role}</span>
                  )}
                </span>
              </li>
            ))}
          </Lines>
        ) : (
          <Skeleton />
        )}
      </Part>
      {mayManage && <Invited projectId={project.id} onInvite={onInvite} />}
      {mayManage && <Log projectId={project.id} />}
    </Leaf>
  )
}

const STATES: Readonly<Record<string, string>> = { used_up: "used up", expired: "ended", revoked: "revoked" }

function Invited({ projectId, onInvite }: { projectId: string; onInvite: () => void }) {
  const invites = useQuery(invitesQuery(projectId)).data ?? []
  const { revoke } = usePeopleActions(projectId)
  return (
    <Part title="Invitations" about="Those who joined stay, whatever becomes of the link.">
      <Lines>
        {invites.map((invite) => (
          <li key={invite.id}>
            <span className={`cut min-w-0 grow ${invite.state === "open" ? "" : "text-ink-3"}`}>{invite.note || `Made by ${invite.created_by}`}</span>
            <span className="num text-small text-ink-3">
              {invite.role} · {invite.used_count} of {invite.max_uses} used · {STATES[invite.state] ?? until(invite.expires_at)}
            </span>
            {invite.state === "open" && (
              <Button look="quiet" className="-mr-2" onClick={() => void revoke(invite)}>
                Revoke
              </Button>
            )}
          </li>
        ))}
      </Lines>
      <Button className={invites.length ? "mt-5" : ""} onClick={onInvite}>
        <UserPlusIcon size={16} />
        Invite somebody
      </Button>
    </Part>
  )
}

function Log({ projectId }: { projectId: string }) {
  const log = useInfiniteQuery(auditQuery(projectId))
  const entries = log.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Part title="What was done" about="Admins and the owner see this.">
      {log.isPending && <Skeleton />}
      {log.error && <p className="text-danger">{wordsOf(log.error)}</p>}
      <Lines>
        {entries.map((entry, index) => (
          <li key={index} className="py-1.5">
            <span className="min-w-0 grow leading-[1.45]">{sentence(entry)}</span>
            <time className="num text-small whitespace-nowrap text-ink-3" dateTime={entry.at}>
              {when(entry.at)}
            </time>
          </li>
        ))}
      </Lines>
      {log.hasNextPage && (
        <Button look="link" className="mt-4 -ml-2" onClick={() => void log.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Part>
  )
}
