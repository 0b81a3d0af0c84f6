import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams } from "@tanstack/react-router"
import { lazy, Suspense, useEffect } from "react"

import { meQuery, projectsQuery, threadQuery } from "@/lib/queries"
import { ask, useQuestion } from "@/lib/shell"

const loadPalette = () => import("@/app/palette")
const loadNewThread = () => import("@/features/threads/new-thread-dialog")
const Palette = lazy(loadPalette)
const KeysDialog = lazy(() => import("@/app/keys-dialog"))
const NewProjectDialog = lazy(() => import("@/features/projects/new-project-dialog"))
const NewThreadDialog = lazy(loadNewThread)
const InviteSheet = lazy(() => import("@/features/projects/invite-sheet"))

const CALM_MS = 2000

/** What a key opens is there before the key: letters typed right after it must not land in the room. */
function useReadyForKeys(): void {
  useEffect(() => {
    // What does not come now is asked for again when it is opened.
    const timer = setTimeout(() => void Promise.allSettled([loadPalette(), loadNewThread()]), CALM_MS)
    return () => clearTimeout(timer)
  }, [])
}

/** The one dialog that may be open, whoever asked for it. */
export function Dialogs() {
  const question = useQuestion()
  const { projectId = "", threadId = "" } = useParams({ strict: false })
  const navigate = useNavigate()
  const me = useQuery(meQuery()).data
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  const lineUp = useQuery({ ...threadQuery(threadId), enabled: threadId !== "" }).data?.thread.line_up
  const close = () => ask(null)
  useReadyForKeys()
  if (!question || !me) return null

  return (
    <Suspense>
      {question === "palette" && <Palette projectId={projectId || null} onClose={close} />}
      {question === "keys" && <KeysDialog onClose={close} />}
      {question === "new-project" && (
        <NewProjectDialog
          onClose={close}
          onMade={({ id }) => {
            close()
            void navigate({ to: "/p/$projectId", params: { projectId: id } })
          }}
        />
      )}
      {question === "new-thread" && project && (
        <NewThreadDialog
          projectId={project.id}
          projectName={project.name}
          meId={me.id}
          lineUp={lineUp ?? []}
          onClose={close}
          onMade={({ thread }) => {
            close()
            void navigate({ to: "/p/$projectId/t/$threadId", params: { projectId: thread.project_id, threadId: thread.id }, search: {} })
          }}
        />
      )}
      {question === "invite" && project && <InviteSheet project={project} onClose={close} />}
    </Suspense>
  )
}
