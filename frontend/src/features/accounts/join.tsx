import { useMutation, useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { useState, type ReactNode } from "react"

import { Button, buttonLook } from "@/components/ui/button"
import { Fact, Facts } from "@/components/ui/facts"
import { Door, Wrong } from "@/features/accounts/door"
import { linkLook } from "@/features/accounts/doors"
import { LanesArt } from "@/features/accounts/art"
import { SignInForm } from "@/features/accounts/sign-in"
import { SignUpForm } from "@/features/accounts/sign-up"
import { Skeleton } from "@/components/ui/skeleton"
import { api, ApiError, wordsOf } from "@/lib/api"
import { cn } from "@/lib/cn"
import { capital, initial, plural, time, weekdayDate } from "@/lib/format"
import type { InvitePreview, MeView, ProjectView } from "@/lib/protocol.gen"

interface JoinDoorProps {
  code: string
  me: MeView | null
  /** In: to the project; null after a sign-up, which joins by itself and does not say into what. */
  onJoined: (project: Pick<ProjectView, "id"> | null) => Promise<void>
}

/** An invitation: who invites, into what, as what; and the way in, for strangers and for those with an account. */
export function JoinDoor({ code, me, onJoined }: JoinDoorProps) {
  const preview = useQuery({
    queryKey: ["invite", code, me?.id ?? null],
    queryFn: () => api.post<InvitePreview>("/invites/preview", { code }),
    enabled: code !== "",
    gcTime: 0,
  })
  if (preview.isPending && code !== "")
    return (
      <div className="mx-auto w-full max-w-[480px] px-6 pt-40">
        <Skeleton label="The invitation is being looked up" />
      </div>
    )
  if (!preview.data) return <NotALink error={preview.error} />
  return preview.data.state === "open" ? <Open code={code} me={me} invite={preview.data} onJoined={onJoined} /> : <Ended me={me} invite={preview.data} />
}

function NotALink({ error }: { error: Error | null }) {
  const isUnknown = !error || (error instanceof ApiError && (error.isGone || error.status === 422))
  return (
    <Door title="This link opens nothing." lead={isUnknown ? "Check that all of it was copied." : wordsOf(error)} foot={location.host} art={<LanesArt />}>
      <Link to="/sign-in" className={cn(buttonLook({ look: "primary", size: "big" }), "mt-[22px] w-full")}>
        Sign in
      </Link>
    </Door>
  )
}

function Open({ code, me, invite, onJoined }: JoinDoorProps & { invite: InvitePreview }) {
  const [hasAccount, setHasAccount] = useState(false)
  const accept = useMutation({ mutationFn: () => api.post<ProjectView>("/invites/accept", { code }) })
  const join = async () => onJoined(await accept.mutateAsync())
  const { project_name: name, invited_by: by, role, expires_at: until } = invite

  let way: ReactNode
  let under: ReactNode = null
  if (invite.is_member && invite.project_id) {
    const id = invite.project_id
    way = (
      <Button look="primary" size="big" className="mt-[22px] w-full" onClick={() => void onJoined({ id })}>
        Go to {name}
      </Button>
    )
  } else if (me) {
    way = (
      <>
        {accept.error && <Wrong>{wordsOf(accept.error)}</Wrong>}
        <Button look="primary" size="big" className="mt-[22px] w-full" disabled={accept.isPending} onClick={() => void join().catch(() => undefined)}>
          Join as {me.name}
        </Button>
      </>
    )
  } else if (hasAccount) {
    way = (
      <>
        <SignInForm label="Sign in and join" button="Sign in and join" onDone={join} />
        {accept.error && <Wrong>{wordsOf(accept.error)}</Wrong>}
      </>
    )
    under = (
      <p>
        New here?{" "}
        <button type="button" className={cn(linkLook, "hit")} onClick={() => setHasAccount(false)}>
          Create an account and join
        </button>
      </p>
    )
  } else {
    way = <SignUpForm label="Create an account and join" button="Create account and join" invite={code} onDone={() => onJoined(null)} />
    under = (
      <p>
        Have an account on this server?{" "}
        <button type="button" className={cn(linkLook, "hit")} onClick={() => setHasAccount(true)}>
          Sign in and join
        </button>
      </p>
    )
  }

  return (
    <Door
      title={invite.is_member ? `You are in ${name} already.` : `${by} invites you into ${name}.`}
      lead={
        invite.is_member ? (
          "Nothing is left to do here; the invitation stays for others."
        ) : (
          <>
            You come in as {/^[aeiou]/.test(role) ? "an" : "a"} <b className="font-semibold">{role}</b>. The invitation works until {weekdayDate(until)}, {time(until)}.
          </>
        )
      }
      under={under}
      foot="What you write stays on this server, but for the models you ask."
      art={<Inside invite={invite} />}
    >
      {way}
    </Door>
  )
}

const YOU_SEE = ["Every thread that is not private, from its beginning", "Who is here, and who is typing", "What each answer cost"]
const OTHERS_SEE = ["Your name, and what you write", "Not your email", "Never what you read"]
const YOU_CAN: Readonly<Record<string, readonly string[]>> = {
  viewer: ["Follow each answer as it is written", "Copy what was said", "Ask an admin to let you write"],
  member: ["Write, and ask the models", "Start threads and branches", "Let models speak with each other"],
  admin: ["All that members can", "Invite people, and change roles", "Choose the models that answer"],
}

/** The project in its own words, and what coming in means. */
function Inside({ invite }: { invite: InvitePreview }) {
  const { role, member_count: count } = invite
  const columns = [
    { title: "You will see", lines: YOU_SEE },
    { title: role === "viewer" ? "As a viewer you read along" : `As ${role === "admin" ? "an admin" : "a member"} you can`, lines: YOU_CAN[role] ?? [] },
    { title: "Others will see", lines: OTHERS_SEE },
  ]
  return (
    <div className="w-full max-w-[640px]">
      <div className="flex items-end gap-3.5">
        <Tile name={invite.project_name} />
        <span className="pb-1 text-ink-3">{capital(plural(count, "person is", "people are"))} in it</span>
      </div>
      <p className="mt-[22px] font-serif text-[3.5rem]/[1.05] font-normal tracking-[-0.025em] wrap-anywhere">{invite.project_name}</p>
      {invite.project_about && <p className="mt-3.5 max-w-[30em] font-serif text-[1.25rem]/[1.5] text-pretty">{invite.project_about}</p>}
      <div className="mt-[34px] grid grid-cols-3">
        {columns.map(({ title, lines }) => (
          <div key={title} className="min-w-0 border-l border-line px-3.5 first:border-0 first:pl-0 last:pr-0">
            <div className="mb-3 h-px bg-ink" />
            <h2 className="mb-0.5 font-semibold">{title}</h2>
            <ul>
              {lines.map((line) => (
                <li key={line} className="border-line py-2 leading-[1.45] text-ink-2 not-first:border-t">
                  {line}
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </div>
  )
}

function Tile({ name, isPale = false }: { name: string; isPale?: boolean }) {
  return (
    <span
      aria-hidden="true"
      className={cn("grid size-[52px] place-items-center rounded-[14px] bg-raised font-serif text-[1.375rem]/none font-medium shadow-[0_0_0_1px_var(--line-strong)]", isPale && "text-ink-3")}
    >
      {initial(name)}
    </span>
  )
}

/** Why it ended, and who can make another. */
function whatNow({ state, reason, project_name: name, invited_by: by }: InvitePreview): string {
  return `${reason} ${state === "revoked" ? `An admin of ${name}` : `${by}, who made it,`} can make another.`
}

function Ended({ me, invite }: { me: MeView | null; invite: InvitePreview }) {
  const { project_name: name, invited_by: by } = invite
  return (
    <Door
      title="This invitation has ended."
      lead={whatNow(invite)}
      foot={location.host}
      under={!me && <p>If you joined with it before, you have an account: sign in and {name} is there.</p>}
      art={
        <div className="w-full max-w-[640px]">
          <Tile name={name} isPale />
          <p className="mt-[22px] font-serif text-[3.5rem]/[1.05] font-normal tracking-[-0.025em] text-ink-3 wrap-anywhere">{name}</p>
          <Facts className="mt-[26px] max-w-[440px]">
            <Fact name="Made by">{by}</Fact>
            <Fact name="It gave">{capital(invite.role)}</Fact>
            {invite.state === "expired" && (
              <Fact name="Until">
                {weekdayDate(invite.expires_at)}, {time(invite.expires_at)}
              </Fact>
            )}
            <Fact name="In it">{capital(plural(invite.member_count, "person", "people"))}</Fact>
          </Facts>
        </div>
      }
    >
      <Link to={me ? "/" : "/sign-in"} className={cn(buttonLook({ look: "primary", size: "big" }), "mt-[22px] w-full")}>
        {me ? "To your last room" : "Sign in"}
      </Link>
    </Door>
  )
}
