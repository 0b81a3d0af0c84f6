import { GitBranchIcon } from "@solar-icons/react/linear/git-branch"
import { useQueryClient } from "@tanstack/react-query"
import { useRef, useState } from "react"

import { branchName } from "@/features/conversation/branch-names"
import { fork } from "@/features/conversation/api"
import { useRoom } from "@/features/conversation/room-context"
import { addBranch } from "@/features/conversation/sync-thread"
import { useGoToBranch } from "@/features/conversation/use-go"
import { Button } from "@/components/ui/button"
import { Dialog, DialogNote } from "@/components/ui/dialog"
import { Field, Input } from "@/components/ui/field"
import { Kbd } from "@/components/ui/kbd"
import { toast } from "@/components/ui/toast"
import { wordsOf } from "@/lib/api"
import { time } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import type { Message } from "@/lib/protocol"
import { learnBranches } from "@/lib/room"

/** Asks for a name, and makes a branch that goes on from this message. Nothing is copied. */
export default function BranchDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const { store, projectId, threadId, branchId } = useRoom()
  const goToBranch = useGoToBranch(projectId, threadId)
  const client = useQueryClient()
  const [name, setName] = useState(() => branchName(message))
  const [refusal, setRefusal] = useState("")
  const [isSent, setIsSent] = useState(false)
  const field = useRef<HTMLInputElement>(null)

  async function make() {
    const said = name.trim()
    if (!said || isSent) return
    setIsSent(true)
    try {
      const branch = await fork(threadId, { name: said, from_branch_id: branchId, seq: message.seq, variant: message.variant })
      store.update((state) => learnBranches(state, [branch]))
      addBranch(client, branch) // the room that would tell of it is left at once
      onClose()
      goToBranch(branch.id)
      toast({ text: <>Branch <b className="font-semibold">{branch.name}</b> made.</> })
    } catch (error) {
      setRefusal(wordsOf(error))
      setIsSent(false)
    }
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      onSubmit={() => void make()}
      title="Branch from here"
      initialFocus={field}
      foot={
        <>
          <Button look="quiet" onClick={onClose}>
            Cancel
          </Button>
          <Button look="primary" type="submit" disabled={!name.trim() || isSent}>
            Branch <Kbd className="-mr-1 text-pen-ink shadow-[inset_0_0_0_1px_color-mix(in_oklab,var(--pen-ink)_45%,transparent)]">⏎</Kbd>
          </Button>
        </>
      }
    >
      <Field label="Name" error={refusal} className="mt-3.5">
        {(control) => (
          <Input {...control} ref={field} value={name} maxLength={80} onChange={(event) => setName(event.target.value)} onFocus={(event) => event.currentTarget.select()} />
        )}
      </Field>
      <DialogNote icon={<GitBranchIcon size={16} />} className="mt-3">
        From what <b className="font-medium text-ink">{plain(message.author.name)}</b> said, {time(message.created_at)}. All above it is shared, not copied.
      </DialogNote>
    </Dialog>
  )
}
