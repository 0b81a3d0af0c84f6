import { useQuery } from "@tanstack/react-query"
import { Outlet, useNavigate, useParams } from "@tanstack/react-router"
import { lazy, Suspense, useEffect, useState } from "react"

import { NothingHere } from "@/app/nothing-here"
import { leavePlace } from "@/app/places"
import { ProjectAside } from "@/app/project-aside"
import { Over } from "@/components/ui/over"
import { meQuery, projectsQuery } from "@/lib/queries"
import { clearOver, toggleList, useShell } from "@/lib/shell"
import type { ThreadView } from "@/lib/protocol.gen"

const PeopleDialog = lazy(() => import("@/features/threads/people-dialog"))

/** A project: its threads, and beside them whatever is open. On a phone one of the two. */
export function ProjectPage() {
  const { projectId = "", threadId } = useParams({ strict: false })
  const me = useQuery(meQuery()).data
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  const { list } = useShell()
  const navigate = useNavigate()
  const [asked, setAsked] = useState<ThreadView | null>(null)

  useEffect(() => {
    if (project && !threadId) document.title = `${project.name} · Parley`
  }, [project, threadId])
  useEffect(() => clearOver, [threadId])
  if (!project || !me) return <NothingHere />

  const aside = (
    <ProjectAside
      project={project}
      me={me}
      openId={threadId}
      onPeople={setAsked}
      onArchived={() => {
        leavePlace(projectId)
        void navigate({ to: "/p/$projectId", params: { projectId } })
      }}
    />
  )
  const isListAlone = list === "screen" && !threadId
  return (
    <>
      <div className={`grid min-h-0 min-w-0 grid-rows-[minmax(0,1fr)] ${list === "beside" ? "grid-cols-[var(--list)_minmax(0,1fr)]" : "grid-cols-[minmax(0,1fr)]"}`}>
        {(list === "beside" || isListAlone) && aside}
        {!isListAlone && <Outlet />}
      </div>
      {list !== "beside" && list !== "screen" && (
        <Over isOpen={list === "over"} onClose={toggleList} side="left" label={`Threads of ${project.name}`}>
          {aside}
        </Over>
      )}
      {asked && (
        <Suspense>
          <PeopleDialog thread={asked} meId={me.id} onClose={() => setAsked(null)} />
        </Suspense>
      )}
    </>
  )
}
