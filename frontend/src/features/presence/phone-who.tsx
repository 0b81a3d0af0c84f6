import { useMemo } from "react"

import { hereWords, typingWords } from "@/features/presence/who-line"
import { useHere, useTyping } from "@/features/presence/use-presence"
import { LiveBars } from "@/components/ui/live-bars"
import { isOpen, slotOf } from "@/lib/protocol"
import { getConnection } from "@/lib/socket"
import { useFollowed } from "@/lib/use-room"

/** On a phone, under the room's name: which models write, who types, who is here. */
export function PhoneWho({ threadId }: { threadId: string }) {
  const here = useHere(threadId)
  const typing = useTyping(threadId)
  const { messages } = useFollowed(threadId)
  const slots = useMemo(() => [...messages.values()].filter(isOpen).map((message) => slotOf(message.author.slot)), [messages])
  const me = getConnection().hello?.user.id
  const types = typingWords(typing)
  const are = hereWords(here.filter((person) => person.id !== me && !typing.some((one) => one.id === person.id)))
  const words = [types && `${types.names} ${types.verb}`, are].filter(Boolean).join(", ")
  if (!words && !slots.length) return null
  return (
    <p className="flex min-w-0 items-center gap-2 text-[0.78125rem]/[17px] text-ink-3">
      {slots.length > 0 && <LiveBars slots={[...new Set(slots)]} />}
      <span className="cut">{words}</span>
    </p>
  )
}
