/** Every address a person may open, and what must be known before the page is shown. */

import type { QueryClient } from "@tanstack/react-query"
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, notFound, Outlet, redirect } from "@tanstack/react-router"

import { NothingHere } from "@/app/nothing-here"
import { lastProject, lastThread } from "@/app/places"
import { ProjectPage } from "@/app/project-page"
import { ServerAway } from "@/app/server-away"
import { Shell } from "@/app/shell"
import { rowsOf, threadsQuery } from "@/features/threads/queries"
import type { MeView } from "@/lib/protocol.gen"
import { meQuery, projectsQuery, serverQuery, threadQuery } from "@/lib/queries"
import { sizeOf } from "@/lib/shell"

interface Context {
  client: QueryClient
}

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined)
const place = (value: unknown) => (Number.isSafeInteger(Number(value)) && Number(value) > 0 ? Number(value) : undefined)

/** Who is signed in, or null. A stranger is asked nothing that would be refused. A server that does not answer is thrown on: there is a page for that. */
async function whoAmI(client: QueryClient): Promise<MeView | null> {
  const known = client.getQueryData(meQuery().queryKey)
  if (known) return known
  const { me } = await client.query({ ...serverQuery(), staleTime: 0, retry: false })
  if (me) client.setQueryData(meQuery().queryKey, me)
  return me
}

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  notFoundComponent: NothingHere,
  errorComponent: ServerAway,
})

// -- doors ----------------------------------------------------------------------------------------

interface Next {
  next?: string
}
const nextOf = (search: Record<string, unknown>): Next => {
  const next = text(search["next"])
  // Only an address of this page: a link must not lead a fresh sign-in somewhere else.
  return next?.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? { next } : {}
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: nextOf,
  loader: async ({ context: { client } }) => {
    const server = await client.query({ ...serverQuery(), staleTime: 0 })
    if (!server.has_people) throw redirect({ to: "/sign-up", search: {} })
    return server
  },
  component: lazyRouteComponent(() => import("@/app/door-pages"), "SignInPage"),
})

const signUp = createRoute({
  getParentRoute: () => root,
  path: "/sign-up",
  validateSearch: nextOf,
  loader: ({ context: { client } }) => client.query({ ...serverQuery(), staleTime: 0 }),
  component: lazyRouteComponent(() => import("@/app/door-pages"), "SignUpPage"),
})

const join = createRoute({
  getParentRoute: () => root,
  path: "/join",
  loader: async ({ context: { client } }) => whoAmI(client),
  component: lazyRouteComponent(() => import("@/app/door-pages"), "JoinPage"),
})

// -- inside ---------------------------------------------------------------------------------------

const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context: { client }, location }) => {
    const me = await whoAmI(client)
    if (me) return { me }
    const server = await client.query({ ...serverQuery(), staleTime: 0 })
    const search = location.pathname === "/" ? {} : { next: location.pathname + location.searchStr }
    throw redirect({ to: server.has_people ? "/sign-in" : "/sign-up", search })
  },
  loader: ({ context: { client } }) => client.query({ ...projectsQuery(), staleTime: "static" }),
  component: Shell,
})

const home = createRoute({
  getParentRoute: () => inside,
  path: "/",
  loader: async ({ context: { client } }) => {
    const projects = await client.query({ ...projectsQuery(), staleTime: "static" })
    const open = projects.find((project) => project.id === lastProject()) ?? projects.find((project) => !project.archived_at) ?? projects[0]
    if (open) throw redirect({ to: "/p/$projectId", params: { projectId: open.id } })
  },
  component: lazyRouteComponent(() => import("@/app/no-projects"), "NoProjects"),
})

const project = createRoute({
  getParentRoute: () => inside,
  path: "/p/$projectId",
  beforeLoad: async ({ context: { client }, params }) => {
    const known = (await client.query({ ...projectsQuery(), staleTime: "static" })).some((one) => one.id === params.projectId)
    const isMine = known || (await client.query({ ...projectsQuery(), staleTime: 0 })).some((one) => one.id === params.projectId)
    if (!isMine) throw notFound()
  },
  component: ProjectPage,
})

const projectHome = createRoute({
  getParentRoute: () => project,
  path: "/",
  loader: async ({ context: { client }, params: { projectId } }) => {
    if (sizeOf(innerWidth) === "phone") return
    const last = lastThread(projectId)
    const rows = rowsOf(await client.infiniteQuery({ ...threadsQuery(projectId), staleTime: "static" }))
    const isLastThere = last && (rows.some((row) => row.thread.id === last) || (await isThere(client, last)))
    const threadId = isLastThere ? last : rows[0]?.thread.id
    if (threadId) throw redirect({ to: "/p/$projectId/t/$threadId", params: { projectId, threadId }, search: {}, replace: true })
  },
  component: lazyRouteComponent(() => import("@/app/no-threads"), "NoThreads"),
})

async function isThere(client: QueryClient, threadId: string): Promise<boolean> {
  try {
    const { thread } = await client.query({ ...threadQuery(threadId), staleTime: "static", retry: false })
    return !thread.archived_at
  } catch {
    return false
  }
}

const room = createRoute({
  getParentRoute: () => project,
  path: "/t/$threadId",
  validateSearch: (search: Record<string, unknown>): { branch?: string; at?: number } => {
    const branch = text(search["branch"])
    const at = place(search["at"])
    return { ...(branch && { branch }), ...(at && { at }) }
  },
  component: lazyRouteComponent(() => import("@/app/room-page"), "RoomPage"),
})

const projectSettings = createRoute({
  getParentRoute: () => inside,
  path: "/p/$projectId/settings/$page",
  component: lazyRouteComponent(() => import("@/app/settings-page"), "ProjectSettingsPage"),
})

const settings = createRoute({
  getParentRoute: () => inside,
  path: "/settings/$page",
  component: lazyRouteComponent(() => import("@/app/settings-page"), "SettingsPage"),
})

const tree = root.addChildren([
  signIn,
  signUp,
  join,
  inside.addChildren([home, projectSettings, project.addChildren([projectHome, room]), settings]),
])

export function makeRouter(client: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { client },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: ServerAway,
    defaultNotFoundComponent: NothingHere,
    scrollRestoration: false,
  })
}

type AppRouter = ReturnType<typeof makeRouter>

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter
  }
}
