import { lazy, Suspense } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { useStore } from "@/lib/store"

const BranchDialog = lazy(() => import("@/features/conversation/branch-dialog"))
const PromptSheet = lazy(() => import("@/features/runs/prompt-sheet"))
const VersionsSheet = lazy(() => import("@/features/conversation/versions-sheet"))

/** What lies over the room, one at a time; the focus goes back to where it was opened from. */
export function RoomDialogs() {
  const { ui } = useRoom()
  const { dialog } = useStore(ui)
  if (!dialog) return null
  const close = () => ui.set((now) => ({ ...now, dialog: null }))
  return (
    <Suspense>
      {dialog.kind === "branch" && <BranchDialog message={dialog.message} onClose={close} />}
      {dialog.kind === "prompt" && <PromptSheet message={dialog.message} onClose={close} />}
      {dialog.kind === "versions" && <VersionsSheet message={dialog.message} onClose={close} />}
    </Suspense>
  )
}
