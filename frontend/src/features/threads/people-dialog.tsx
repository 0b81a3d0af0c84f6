import { useQuery } from "@tanstack/react-query"
import { useState } from "react"

import { Button } from "@/components/ui/button"
import { Dialog } from "@/components/ui/dialog"
import { Skeleton } from "@/components/ui/skeleton"
import { PeoplePicker } from "@/features/threads/people-picker"
import { useThreadActions } from "@/features/threads/use-thread-actions"
import { wordsOf } from "@/lib/api"
import { capital, plural } from "@/lib/format"
import type { ThreadView } from "@/lib/protocol.gen"
import { membersQuery, threadQuery } from "@/lib/queries"

interface PeopleDialogProps {
  thread: ThreadView
  meId: string
  onClose: () => void
}

/** Who is in a private thread; nobody else sees that it exists. */
export default function PeopleDialog({ thread, meId, onClose }: PeopleDialogProps) {
  const detail = useQuery(threadQuery(thread.id)).data
  const members = useQuery(membersQuery(thread.project_id)).data
  const { setPeople } = useThreadActions()
  const [changed, setChanged] = useState<ReadonlySet<string> | null>(null)
  const [refusal, setRefusal] = useState("")
  const chosen = changed ?? new Set(detail?.people.map((person) => person.id))
  const starter = detail?.people.find((person) => person.name === thread.created_by)?.id ?? null

  async function keep() {
    setRefusal("")
    try {
      await setPeople(thread, [...chosen])
      onClose()
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  }

  return (
    <Dialog
      isOpen
      onClose={onClose}
      onSubmit={() => void keep()}
      title="Who is in this thread?"
      about="Nobody else sees that it exists, not even admins. The models asked in it read it."
      foot={
        <>
          <span className="num grow pl-2 text-small text-ink-3">
            {capital(plural(chosen.size, "person", "people"))}, {plural(thread.line_up.length, "model")}
          </span>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={!changed}>
            Keep
          </Button>
        </>
      }
    >
      {detail && members ? (
        <PeoplePicker projectId={thread.project_id} meId={meId} always={starter} chosen={chosen} onChange={setChanged} />
      ) : (
        <div className="py-4">
          <Skeleton />
        </div>
      )}
      {refusal && (
        <p role="alert" className="leading-[1.45] text-danger">
          {refusal}
        </p>
      )}
    </Dialog>
  )
}
