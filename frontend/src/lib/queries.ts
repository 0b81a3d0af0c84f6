/** What more than one feature asks the server for. Use with `useQuery`, `useSuspenseQuery` or `ensureQueryData`. */

import { queryOptions } from "@tanstack/react-query"

import { api } from "@/lib/api"
import type { MemberView, MeView, ProjectView, ServerView, ThreadDetail } from "@/lib/protocol.gen"
import { keys } from "@/lib/query"
import type { ModelView } from "@/lib/types"

export const serverQuery = () =>
  queryOptions({ queryKey: keys.server, queryFn: ({ signal }) => api.get<ServerView>("/server", { signal }) })

export const meQuery = () =>
  queryOptions({ queryKey: keys.me, queryFn: ({ signal }) => api.get<MeView>("/me", { signal }), staleTime: Infinity })

export const projectsQuery = () =>
  queryOptions({ queryKey: keys.projects, queryFn: ({ signal }) => api.get<ProjectView[]>("/projects", { signal }) })

export const membersQuery = (projectId: string) =>
  queryOptions({
    queryKey: keys.members(projectId),
    queryFn: ({ signal }) => api.get<MemberView[]>(`/projects/${projectId}/members`, { signal }),
  })

export const modelsQuery = (projectId: string) =>
  queryOptions({
    queryKey: keys.models(projectId),
    queryFn: ({ signal }) => api.get<ModelView[]>(`/projects/${projectId}/models`, { signal }),
  })

export const threadQuery = (threadId: string) =>
  queryOptions({
    queryKey: keys.thread(threadId),
    queryFn: ({ signal }) => api.get<ThreadDetail>(`/threads/${threadId}`, { signal }),
  })
