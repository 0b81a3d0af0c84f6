import { useQuery } from "@tanstack/react-query"

import { attempt } from "@/features/conversation/actions"
import { bringThreadBack } from "@/features/conversation/api"
import { useRoom } from "@/features/conversation/room-context"
import { WhoLine } from "@/features/presence/who-line"
import { Button } from "@/components/ui/button"
import { plain } from "@/lib/markdown/safe"
import type { ThreadView } from "@/lib/protocol"
import { membersQuery } from "@/lib/queries"

/** In place of the composer, for who may read only. */
export function ReadOnly({ thread }: { thread: ThreadView }) {
  const { projectId, threadId, me, isPhone, canManage } = useRoom()
  const members = useQuery(membersQuery(projectId)).data
  const whom = members?.find((member) => member.role === "owner") ?? members?.find((member) => member.role === "admin")
  const name = whom ? plain(whom.name) : "an admin"
  return (
    <>
      {!isPhone && <WhoLine threadId={threadId} myId={me.id} />}
      {thread.archived_at ? (
        <div className="read-only flex flex-wrap items-center gap-x-4 gap-y-1">
          <p className="grow">{canManage ? "This thread is archived: it is read as ever, and nothing is written in it." : `This thread is archived. Ask ${name} to bring it back.`}</p>
          {canManage && (
            <Button look="plain" className="-my-1.5" onClick={() => void attempt(() => bringThreadBack(threadId))}>
              Bring it back
            </Button>
          )}
        </div>
      ) : (
        <p className="read-only">You can read here. Ask {name} to let you write.</p>
      )}
    </>
  )
}
