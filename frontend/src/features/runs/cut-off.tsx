import { toggleOpened, useRoom } from "@/features/conversation/room-context"
import { cutOffWords } from "@/features/runs/lane-look"
import type { Attempt, Message } from "@/lib/protocol"
import { useStore } from "@/lib/store"

const FEW_WORDS = 6

/** What somebody may have read before the answer began again: struck, and folded to its first words. */
export function CutOff({ message }: { message: Message }) {
  return (message.meta.earlier_attempts ?? [])
    .filter((attempt) => attempt.text.trim() !== "")
    .map((attempt) => <Earlier key={attempt.attempt} id={`${message.id}/${attempt.attempt}`} attempt={attempt} />)
}

function Earlier({ id, attempt }: { id: string; attempt: Attempt }) {
  const { ui } = useRoom()
  const isOpen = useStore(ui).opened.has(id)
  const words = attempt.text.trim().split(/\s+/)
  const text = isOpen ? attempt.text.trim() : words.slice(0, FEW_WORDS).join(" ")
  return (
    <p className="lane-cut">
      <del className="whitespace-pre-wrap">{text}</del>{" "}
      <button type="button" aria-expanded={isOpen} title={attempt.reason} onClick={() => toggleOpened(ui, id)} className="text-small font-medium text-pen hover:underline">
        {cutOffWords(attempt.ended_at)}, {isOpen ? "hide" : "show"}
      </button>
    </p>
  )
}
