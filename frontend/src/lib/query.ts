/** The cache of what the server said. News from the socket patches it or marks it stale (`app/live.ts`). */

import { QueryClient, type QueryKey } from "@tanstack/react-query"

import { ApiError } from "@/lib/api"

/** A refusal is an answer and is not asked again; a line that is down is, a few times. */
function isWorthAsking(count: number, error: Error): boolean {
  const isPassing = !(error instanceof ApiError) || error.isNetwork || error.status >= 500
  return isPassing && count < 3
}

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 60_000, gcTime: 30 * 60_000, retry: isWorthAsking, refetchOnWindowFocus: false },
    },
  })
}

const asked = new WeakSet<Promise<unknown>>()

/** What is being asked for just now may have been read before what was just heard: ask once more when it is here. */
export function askAgain(client: QueryClient, queryKey: QueryKey): void {
  const query = client.getQueryCache().find({ queryKey, exact: true })
  const asking = query?.state.fetchStatus === "fetching" ? query.promise : undefined
  if (!asking || asked.has(asking)) return
  asked.add(asking)
  const again = () => void client.invalidateQueries({ queryKey, exact: true })
  asking.then(again, again)
}

export const keys = {
  me: ["me"] as const,
  server: ["server"] as const,
  sessions: ["sessions"] as const,
  projects: ["projects"] as const,
  providers: ["providers"] as const,
  members: (projectId: string) => ["project", projectId, "members"] as const,
  invites: (projectId: string) => ["project", projectId, "invites"] as const,
  models: (projectId: string) => ["project", projectId, "models"] as const,
  audit: (projectId: string) => ["project", projectId, "audit"] as const,
  threads: (projectId: string, archived = false) => ["project", projectId, "threads", archived] as const,
  thread: (threadId: string) => ["thread", threadId] as const,
}
