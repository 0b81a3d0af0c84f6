import { type KeyboardEvent, useRef, useState } from "react"

import { attempt } from "@/features/conversation/actions"
import { editMessage } from "@/features/conversation/api"
import { useRoom } from "@/features/conversation/room-context"
import { Button } from "@/components/ui/button"
import type { Message } from "@/lib/protocol"

/** Where the message stands, its words can be changed. Enter keeps them, Esc does not. */
export function EditField({ message }: { message: Message }) {
  const { ui } = useRoom()
  const [text, setText] = useState(message.body)
  const [isKept, setIsKept] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const close = () => {
    // The focus goes back to where it came from: the message.
    field.current?.closest<HTMLElement>("[data-row]")?.focus({ preventScroll: true })
    ui.set((now) => ({ ...now, editing: null }))
  }

  function keep() {
    const body = text.trim()
    if (!body || isKept) return
    if (body === message.body) {
      close()
      return
    }
    setIsKept(true)
    void attempt(() => editMessage(message, body)).then((isDone) => {
      if (isDone) close()
      else setIsKept(false)
    })
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === "Escape") {
      event.stopPropagation()
      close()
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault()
      keep()
    }
  }
  return (
    <form
      className="mt-1"
      onSubmit={(event) => {
        event.preventDefault()
        keep()
      }}
    >
      <textarea
        ref={field}
        autoFocus
        aria-label="Edit the message"
        className="edit-field"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onFocus={(event) => event.currentTarget.setSelectionRange(text.length, text.length)}
      />
      <div className="mt-1.5 flex items-center gap-2">
        <Button look="primary" type="submit" disabled={!text.trim() || isKept}>
          Keep
        </Button>
        <Button look="quiet" onClick={close}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
