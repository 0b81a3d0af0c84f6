import { useEffect, useState } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { announcement } from "@/features/runs/lane-look"
import { plain } from "@/lib/markdown/safe"
import type { AnyEvent } from "@/lib/protocol"
import type { RoomStore } from "@/lib/stream-store"

const EVERY_MS = 2_000

/** One polite voice for who begins and who is done; never for each word, and at most once in two seconds. */
export function Announcer() {
  const { store } = useRoom()
  const [words, setWords] = useState("")
  useEffect(() => {
    let waiting: string[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    const speak = () => {
      timer = undefined
      if (!waiting.length) return
      setWords(waiting.join(". "))
      waiting = []
      timer = setTimeout(speak, EVERY_MS)
    }
    const stop = store.watchEvents((event) => {
      const said = wordsFor(store, event)
      if (!said) return
      waiting.push(said)
      timer ??= setTimeout(speak, 0)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [store])
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {words}
    </div>
  )
}

function wordsFor(store: RoomStore, event: AnyEvent): string | null {
  const { view, turns } = store.current
  if (event.type === "turn.started" || event.type === "turn.finished") {
    const message = view.messages.get(event.message_id)
    return message ? announcement(plain(message.author.name), message, turns.get(event.turn_id), Date.now()) : null
  }
  if (event.type !== "turn.waiting" || event.why !== "retry") return null
  const turn = turns.get(event.turn_id)
  const message = turn && view.messages.get(turn.messageId)
  return message ? announcement(plain(message.author.name), message, turn, Date.now()) : null
}
