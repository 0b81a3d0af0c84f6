import { useMemo } from "react"

import { useHere } from "@/features/presence/use-presence"
import { AvatarStack } from "@/components/ui/avatar"
import { plain } from "@/lib/markdown/safe"

/** In the head: the initials of who is in the room. */
export function Here({ threadId }: { threadId: string }) {
  const here = useHere(threadId)
  const names = useMemo(() => here.map((person) => plain(person.name)), [here])
  if (!names.length) return null
  return (
    <span className="mr-1.5" title={`Here now: ${names.join(", ")}`}>
      <AvatarStack names={names} />
    </span>
  )
}
