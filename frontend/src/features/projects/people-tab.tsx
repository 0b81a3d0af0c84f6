import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { CloudIcon } from "@solar-icons/react/linear/cloud"
import { ServerIcon } from "@solar-icons/react/linear/server"
import { UserPlusIcon } from "@solar-icons/react/linear/user-plus"

import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import { Glyph } from "@/components/ui/glyph"
import { Skeleton } from "@/components/ui/skeleton"
import { Invitations } from "@/features/projects/invitations"
import { Section } from "@/features/projects/people-section"
import { RoleMenu } from "@/features/projects/role-menu"
import { usePeopleActions } from "@/features/projects/use-project-actions"
import { cn } from "@/lib/cn"
import type { MemberView, ProjectView } from "@/lib/protocol.gen"
import { membersQuery, modelsQuery } from "@/lib/queries"

interface PeopleTabProps {
  project: ProjectView
  meId: string
  /** Who is in the room now, and who of them types. */
  hereIds: ReadonlySet<string>
  typingIds: ReadonlySet<string>
  /** Of a private thread: the others are not listed. */
  onlyIds: ReadonlySet<string> | null
  lineUp: readonly string[]
  onInvite: () => void
  onChangeLineUp: (() => void) | null
}

/** Who is here, who is away, which models answer, and who was invited. */
export function PeopleTab({ project, meId, hereIds, typingIds, onlyIds, lineUp, onInvite, onChangeLineUp }: PeopleTabProps) {
  const members = useQuery(membersQuery(project.id)).data
  const models = useQuery(modelsQuery(project.id)).data
  const mayManage = project.permissions.includes("manage_people")
  if (!members) return <div className="p-5"><Skeleton /></div>

  const listed = members
    .filter((member) => !onlyIds || onlyIds.has(member.user_id))
    .toSorted((a, b) => Number(b.user_id === meId) - Number(a.user_id === meId) || a.name.localeCompare(b.name))
  const isHere = (member: MemberView) => member.user_id === meId || hereIds.has(member.user_id)
  const here = listed.filter(isHere)
  const away = listed.filter((member) => !isHere(member))
  const row = (member: MemberView) => (
    <Person
      key={member.user_id}
      member={member}
      project={project}
      isAway={!isHere(member)}
      word={member.user_id === meId ? "you" : typingIds.has(member.user_id) ? "typing" : ""}
      mayChange={mayManage && member.role !== "owner" && member.user_id !== meId}
    />
  )
  const answering = lineUp.map((id) => models?.find((model) => model.model_id === id) ?? id)

  return (
    <>
      <Section
        title="Here"
        count={here.length}
        end={
          mayManage && (
            <Button look="link" className="-mr-2 max-tablet:hidden" onClick={onInvite}>
              <UserPlusIcon size={16} />
              Invite
            </Button>
          )
        }
      >
        <ul>{here.map(row)}</ul>
        {listed.length === 1 && members.length === 1 && (
          <>
            <p className="mt-3 leading-normal text-ink-2">
              Nobody else is in {project.name} yet. With two, each sees the other’s answers as they are written.
            </p>
            {mayManage && (
              <Button className="mt-3" onClick={onInvite}>
                <UserPlusIcon size={16} />
                Invite somebody
              </Button>
            )}
          </>
        )}
      </Section>
      {away.length > 0 && (
        <Section title="Away" count={away.length}>
          <ul>{away.map(row)}</ul>
        </Section>
      )}
      <Section
        title="Models in the line-up"
        count={answering.length}
        end={
          onChangeLineUp && (
            <Button look="quiet" className="-mr-2" onClick={onChangeLineUp}>
              Change
            </Button>
          )
        }
      >
        {answering.length === 0 && <p className="pb-1 leading-normal text-ink-3">Nobody answers here yet. People can talk.</p>}
        <ul>
          {answering.map((model) =>
            typeof model === "string" ? (
              <li key={model} className={personLook}>
                <span className="grid w-6 place-items-center">
                  <Glyph slot={8} name={model} />
                </span>
                <span className="cut grow text-ink-3">{model}</span>
              </li>
            ) : (
              <li key={model.model_id} className={personLook}>
                <span className="grid w-6 place-items-center">
                  <Glyph slot={model.slot} name={model.name} />
                </span>
                <span className="flex min-w-0 grow items-baseline gap-[7px]">
                  <span className="cut font-medium">{model.name}</span>
                  {model.state !== "ok" && (
                    <span className={cn("shrink-0 text-small", model.state === "at_limit" ? "text-warn" : "text-danger")}>
                      {STATES[model.state]}
                    </span>
                  )}
                </span>
                <span className="inline-flex h-(--hit) items-center gap-1 px-2 text-small whitespace-nowrap text-ink-3">
                  {model.where === "remote" ? <CloudIcon size={15} /> : <ServerIcon size={15} />}
                  {model.where}
                </span>
              </li>
            ),
          )}
        </ul>
      </Section>
      {mayManage && <Invitations projectId={project.id} memberCount={members.length} />}
    </>
  )
}

const STATES = { ok: "", at_limit: "busy", key_refused: "key refused", unreachable: "not reached" } as const
const personLook = "-mx-2 flex min-h-[38px] items-center gap-[11px] rounded-md pl-2 max-tablet:min-h-12 max-tablet:text-[0.96875rem]"

interface PersonProps {
  member: MemberView
  project: ProjectView
  isAway: boolean
  word: string
  mayChange: boolean
}

function Person({ member, project, isAway, word, mayChange }: PersonProps) {
  const actions = usePeopleActions(project.id)
  const [isOpen, setIsOpen] = useState(false)
  return (
    <li className={cn(personLook, isOpen && "bg-selected")}>
      <Avatar name={member.name} size="small" isAway={isAway} className={cn("max-tablet:size-7 max-tablet:text-small/none", isOpen && !isAway && "bg-paper")} />
      <span className="flex min-w-0 grow items-baseline gap-[7px]">
        <span className={cn("cut", isAway ? "text-ink-2" : "font-medium")}>{member.name}</span>
        {word && <span className="shrink-0 text-small text-ink-3">{word}</span>}
      </span>
      {mayChange ? (
        <RoleMenu
          member={member}
          projectName={project.name}
          onOpenChange={setIsOpen}
          onRole={(role) => void actions.changeRole(member, role)}
          onRemove={() => void actions.remove(member)}
        />
      ) : (
        <span className="inline-flex h-(--hit) items-center pr-[26px] pl-2 text-small text-ink-3 max-tablet:pr-2 max-tablet:text-ui">{member.role}</span>
      )}
    </li>
  )
}
