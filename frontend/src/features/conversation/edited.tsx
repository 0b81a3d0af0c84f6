import { useRoom } from "@/features/conversation/room-context"
import type { Message } from "@/lib/protocol"

/** "edited" after the time; it opens the versions. */
export function Edited({ message }: { message: Message }) {
  const { ui } = useRoom()
  if (!message.edited_at) return null
  return (
    <button type="button" className="hit shrink-0 text-small text-ink-3 hover:text-ink hover:underline" onClick={() => ui.set((now) => ({ ...now, dialog: { kind: "versions", message } }))}>
      edited
    </button>
  )
}
