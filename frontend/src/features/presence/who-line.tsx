import { useMemo } from "react"

import { useHere, useTyping } from "@/features/presence/use-presence"
import { inWords, list } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import type { PersonView } from "@/lib/protocol"

/** Bob is typing; Bob and Carol are typing; Three people are typing. */
export function typingWords(people: readonly PersonView[]): { names: string; verb: string } | null {
  if (!people.length) return null
  if (people.length > 2) return { names: `${inWords(people.length).replace(/^./, (first) => first.toUpperCase())} people`, verb: "are typing" }
  return { names: list(people.map((person) => plain(person.name))), verb: people.length === 1 ? "is typing" : "are typing" }
}

/** Carol is here; Carol and Dilan are here; Carol and four more are here. */
export function hereWords(people: readonly PersonView[]): string | null {
  const names = people.map((person) => plain(person.name))
  if (!names.length) return null
  if (names.length > 3) return `${names[0] ?? ""} and ${inWords(names.length - 1)} more are here`
  return `${list(names)} ${names.length === 1 ? "is" : "are"} here`
}

/** Above the composer: who types, then who else is here. */
export function WhoLine({ threadId, myId, className = "" }: { threadId: string; myId: string; className?: string }) {
  const typing = useTyping(threadId)
  const here = useHere(threadId)
  const silent = useMemo(() => here.filter((person) => person.id !== myId && !typing.some((typist) => typist.id === person.id)), [here, typing, myId])
  const types = typingWords(typing)
  const are = hereWords(silent)
  return (
    <div className={`flex h-7 min-w-0 items-center gap-3.5 text-small text-ink-3 ${className}`}>
      {types && (
        <span className="flex min-w-0 items-center gap-1.5">
          <b className="cut font-medium text-ink-2">{types.names}</b> <span className="shrink-0">{types.verb}</span>
          <span className="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
        </span>
      )}
      {are && <span className="cut">{are}</span>}
    </div>
  )
}
