import { useQuery } from "@tanstack/react-query"

import { useRoom } from "@/features/conversation/room-context"
import { WhoLine } from "@/features/presence/who-line"
import { plain } from "@/lib/markdown/safe"
import type { ThreadView } from "@/lib/protocol"
import { membersQuery } from "@/lib/queries"

/** In place of the composer, for who may read only. */
export function ReadOnly({ thread }: { thread: ThreadView }) {
  const { projectId, threadId, me, isPhone } = useRoom()
  const members = useQuery(membersQuery(projectId)).data
  const whom = members?.find((member) => member.role === "owner") ?? members?.find((member) => member.role === "admin")
  return (
    <>
      {!isPhone && <WhoLine threadId={threadId} myId={me.id} />}
      <p className="read-only">
        {thread.archived_at ? "This thread is archived. Bring it back to write in it." : `You can read here. Ask ${whom ? plain(whom.name) : "an admin"} to let you write.`}
      </p>
    </>
  )
}
