import { useInfiniteQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"

import { Button } from "@/components/ui/button"
import { Skeleton } from "@/components/ui/skeleton"
import { rowsOf, threadsQuery } from "@/features/threads/queries"
import { titleOf } from "@/features/threads/thread-row"
import { useThreadActions } from "@/features/threads/use-thread-actions"
import { when } from "@/lib/format"

/** The archived threads of a project: to be read, and brought back. */
export function ArchivedThreads({ projectId, canWrite }: { projectId: string; canWrite: boolean }) {
  const query = useInfiniteQuery(threadsQuery(projectId, true))
  const { bringBack } = useThreadActions()
  const rows = rowsOf(query.data)
  if (query.isPending) return <Skeleton />
  if (rows.length === 0) return <p className="text-ink-3">No thread is archived.</p>
  return (
    <>
      <ul className="-my-2">
        {rows.map(({ thread }) => (
          <li key={thread.id} className="flex min-h-[38px] items-center gap-3 border-line not-first:border-t">
            <Link to="/p/$projectId/t/$threadId" params={{ projectId, threadId: thread.id }} className="cut min-w-0 grow hover:underline">
              {titleOf(thread)}
            </Link>
            <span className="num text-small text-ink-3">{when(thread.active_at)}</span>
            {canWrite && (
              <Button look="quiet" className="-mr-2" onClick={() => void bringBack(thread)}>
                Bring back
              </Button>
            )}
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button look="link" className="mt-2 -ml-2" onClick={() => void query.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  )
}
