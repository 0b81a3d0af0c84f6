import { AltArrowLeftIcon } from "@solar-icons/react/linear/alt-arrow-left"
import { AltArrowRightIcon } from "@solar-icons/react/linear/alt-arrow-right"
import { CheckIcon } from "@solar-icons/react/linear/check"
import { CopyIcon } from "@solar-icons/react/linear/copy"
import { EyeIcon } from "@solar-icons/react/linear/eye"
import { GitBranchIcon } from "@solar-icons/react/linear/git-branch"
import { RefreshIcon } from "@solar-icons/react/linear/refresh"

import { useRoom } from "@/features/conversation/room-context"
import { askAgain, chooseForAll, lookAt } from "@/features/conversation/actions"
import type { Phase } from "@/features/runs/lane-look"
import type { Lane } from "@/features/runs/lanes-of"
import { IconButton } from "@/components/ui/icon-button"
import { useCopy } from "@/lib/clipboard"

interface LaneFootProps {
  lane: Lane
  phase: Phase
  name: string
}

const BEFORE_THE_END: readonly Phase[] = ["queued", "asked", "thinking", "writing", "retrying"]

/** Laid out from the start, so that nothing moves when an answer ends. */
export function LaneFoot({ lane, phase, name }: LaneFootProps) {
  const room = useRoom()
  const { ui, canWrite } = room
  const [isCopied, copy] = useCopy()
  const { shown } = lane
  const isOver = !BEFORE_THE_END.includes(phase)
  return (
    <footer className="lane-foot">
      <Siblings lane={lane} />
      {isOver && (
        <>
          {canWrite && (
            <IconButton label="Regenerate" keys="g" onClick={() => askAgain(room, lane)}>
              <RefreshIcon size={16} />
            </IconButton>
          )}
          {shown.body !== "" && (
            <IconButton label={isCopied ? "Copied" : "Copy"} onClick={() => copy(shown.body)}>
              {isCopied ? <CheckIcon size={16} /> : <CopyIcon size={16} />}
            </IconButton>
          )}
          {canWrite && (
            <IconButton label="Branch from here" keys="b" onClick={() => ui.set((now) => ({ ...now, dialog: { kind: "branch", message: shown } }))}>
              <GitBranchIcon size={16} />
            </IconButton>
          )}
        </>
      )}
      {isOver && shown.turn_id && (
        <IconButton label={`What did ${name} see?`} keys="e" onClick={() => ui.set((now) => ({ ...now, dialog: { kind: "prompt", message: shown } }))}>
          <EyeIcon size={16} />
        </IconButton>
      )}
    </footer>
  )
}

/** ‹ 2/3 ›; looking at another sibling is this person's alone. */
export function Siblings({ lane }: { lane: Lane }) {
  const room = useRoom()
  const { siblings, shown, roomShown } = lane
  if (siblings.length < 2) return null
  const at = siblings.indexOf(shown)
  const step = (by: number) => {
    const next = siblings[at + by]
    if (next) lookAt(room, lane, next)
  }
  return (
    <>
      <span className="num inline-flex items-center text-small font-medium text-ink-2" role="group" aria-label={`Answer ${at + 1} of ${siblings.length}`}>
        <IconButton label="Previous answer" keys="[" disabled={at === 0} onClick={() => step(-1)} className="-mx-1 disabled:bg-transparent">
          <AltArrowLeftIcon size={14} />
        </IconButton>
        {at + 1}/{siblings.length}
        <IconButton label="Next answer" keys="]" disabled={at === siblings.length - 1} onClick={() => step(1)} className="-mx-1 disabled:bg-transparent">
          <AltArrowRightIcon size={14} />
        </IconButton>
      </span>
      {roomShown && (
        <span className="order-last w-full pl-2 text-small text-ink-3">
          you see {at + 1}, the room has {siblings.indexOf(roomShown) + 1}
          {room.canWrite && (
            <>
              {" · "}
              <button type="button" className="hit font-medium text-pen hover:underline" onClick={() => chooseForAll(room, lane)}>
                Use for all
              </button>
            </>
          )}
        </span>
      )}
    </>
  )
}
