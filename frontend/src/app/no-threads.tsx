import { useMutation, useQuery } from "@tanstack/react-query"
import { useNavigate, useParams } from "@tanstack/react-router"

import { Button } from "@/components/ui/button"
import { toast } from "@/components/ui/toast"
import { useThreadActions } from "@/features/threads/use-thread-actions"
import { wordsOf } from "@/lib/api"
import { projectsQuery } from "@/lib/queries"

/** A project in which nothing has been asked. */
export function NoThreads() {
  const { projectId = "" } = useParams({ strict: false })
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  const navigate = useNavigate()
  const { create } = useThreadActions()
  const start = useMutation({
    mutationFn: () => create(projectId, {}),
    onSuccess: ({ thread }) => navigate({ to: "/p/$projectId/t/$threadId", params: { projectId, threadId: thread.id }, search: {} }),
    onError: (error) => toast({ text: wordsOf(error), isRefusal: true }),
  })
  if (!project) return null
  const mayWrite = project.permissions.includes("write") && !project.archived_at
  return (
    <main aria-label="Room" className="grid h-full place-content-center bg-paper p-8">
      <div className="max-w-[520px]">
        <h2 className="font-serif text-title/[1.2] font-normal tracking-[-0.016em]">Nothing has been asked here yet.</h2>
        <p className="mt-2 mb-[22px] text-lane/[1.55] text-ink-2">
          {mayWrite ? "Ask the first thing; it becomes the first thread." : "What the others ask will stand at the left; you read along as it is written."}
        </p>
        {mayWrite && (
          <Button look="primary" size="big" disabled={start.isPending} onClick={() => start.mutate()}>
            Ask the first thing
          </Button>
        )}
      </div>
    </main>
  )
}
