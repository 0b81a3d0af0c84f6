import { useQuery, useQueryClient } from "@tanstack/react-query"
import { MonitorIcon } from "@solar-icons/react/linear/monitor"
import { SmartphoneIcon } from "@solar-icons/react/linear/smartphone"

import { Button } from "@/components/ui/button"
import { Lines, Part } from "@/components/ui/part"
import { Skeleton } from "@/components/ui/skeleton"
import { toast } from "@/components/ui/toast"
import { agentName, isHandheld } from "@/features/accounts/agent"
import { auth, sessionsQuery, type SessionView } from "@/features/accounts/auth"
import { wordsOf } from "@/lib/api"
import { capital, plural, when } from "@/lib/format"
import { keys } from "@/lib/query"

/** Where this person is signed in, and the way to end it there. */
export function Sessions() {
  const client = useQueryClient()
  const query = useQuery(sessionsQuery())
  const sessions = query.data?.toSorted((a, b) => Number(b.is_current) - Number(a.is_current) || seenAt(b) - seenAt(a)) ?? []
  const others = sessions.filter((session) => !session.is_current)

  async function end(ended: readonly SessionView[]) {
    const ids = ended.map((session) => session.id)
    client.setQueryData<SessionView[]>(keys.sessions, (all) => all?.filter((session) => !ids.includes(session.id)))
    try {
      await auth.endSessions(ids)
    } catch (error) {
      toast({ text: wordsOf(error), isRefusal: true })
    }
    await client.invalidateQueries({ queryKey: keys.sessions })
  }

  return (
    <Part title="Signed in on" about={sessions.length > 0 && `${capital(plural(sessions.length, "place"))}.`}>
      {query.isPending && <Skeleton />}
      {query.error && <p className="text-danger">{wordsOf(query.error)}</p>}
      <Lines>
        {sessions.map((session) => (
          <li key={session.id}>
            {isHandheld(session.user_agent) ? <SmartphoneIcon size={17} /> : <MonitorIcon size={17} />}
            <span className="cut min-w-0 grow">
              {agentName(session.user_agent)} <span className={session.is_current ? "text-ink-3" : "text-ink-3 max-tablet:hidden"}>{session.is_current ? "this one" : session.ip}</span>
            </span>
            <span className="num text-small whitespace-nowrap text-ink-3">{session.is_current ? "now" : when(new Date(seenAt(session) * 1000))}</span>
            {!session.is_current && (
              <Button look="quiet" className="-mr-2" aria-label={`Sign out ${agentName(session.user_agent)}`} onClick={() => void end([session])}>
                Sign out
              </Button>
            )}
          </li>
        ))}
      </Lines>
      {others.length > 1 && (
        <Button look="quietDanger" className="mt-3 -ml-2" onClick={() => void end(others)}>
          Sign out everywhere else
        </Button>
      )}
    </Part>
  )
}

function seenAt(session: SessionView): number {
  return session.last_seen_at ?? session.created_at
}
