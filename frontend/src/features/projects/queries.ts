import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query"

import { api } from "@/lib/api"
import type { InviteView, ProjectView } from "@/lib/protocol.gen"
import { keys } from "@/lib/query"
import type { AuditView, Page, ProviderView } from "@/lib/types"

export const invitesQuery = (projectId: string) =>
  queryOptions({
    queryKey: keys.invites(projectId),
    queryFn: ({ signal }) => api.get<InviteView[]>(`/projects/${projectId}/invites`, { signal }),
  })

export const deletedProjectsQuery = () =>
  queryOptions({
    queryKey: [...keys.projects, "deleted"],
    queryFn: ({ signal }) => api.get<ProjectView[]>("/projects", { query: { deleted: true }, signal }),
  })

export const auditQuery = (projectId: string) =>
  infiniteQueryOptions({
    queryKey: keys.audit(projectId),
    queryFn: ({ pageParam, signal }) =>
      api.get<Page<AuditView>>(`/projects/${projectId}/audit`, { query: { cursor: pageParam, limit: 20 }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: 0,
  })

export const providersQuery = () =>
  queryOptions({ queryKey: keys.providers, queryFn: ({ signal }) => api.get<ProviderView[]>("/providers", { signal }) })
