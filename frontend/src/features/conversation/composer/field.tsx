import { type ClipboardEvent, type KeyboardEvent, type RefObject, useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "react"

import { complete, matching, type Named, typingName } from "@/features/conversation/composer/mentions"
import { NameList } from "@/features/conversation/composer/name-list"

interface FieldProps {
  field: RefObject<HTMLTextAreaElement | null>
  text: string
  placeholder: string
  names: readonly Named[]
  doesNarrow: boolean
  onChange: (text: string) => void
  onPasted: (length: number) => void
  /** A key that is not the list's own: send, edit the last one. */
  onKey: (event: KeyboardEvent<HTMLTextAreaElement>) => void
  isTall: boolean
  autoFocus: boolean
}

const LONG_PASTE = 4_000
const CAN_GROW = typeof CSS !== "undefined" && CSS.supports("field-sizing", "content")

/** The words to be. It grows with them to two fifths of the room. */
export function Field({ field, text, placeholder, names, doesNarrow, onChange, onPasted, onKey, isTall, autoFocus }: FieldProps) {
  const id = useId()
  const [caret, setCaret] = useState(0)
  const caretToBe = useRef<number | null>(null)
  const [at, setAt] = useState(0)
  const [closedFor, setClosedFor] = useState<string | null>(null)
  const typing = useMemo(() => typingName(text, caret), [text, caret])
  const found = useMemo(() => (typing ? matching(names, typing.query) : []), [typing, names])
  const name = typing ? `${typing.from}` : null
  const isOpen = found.length > 0 && closedFor !== name

  useEffect(() => {
    if (autoFocus && matchMedia("(pointer: fine)").matches) field.current?.focus()
  }, [autoFocus, field])
  useLayoutEffect(() => {
    const place = caretToBe.current
    caretToBe.current = null
    if (place !== null) field.current?.setSelectionRange(place, place)
  }, [text, field])
  useLayoutEffect(() => {
    const element = field.current
    if (!element || CAN_GROW) return
    element.style.setProperty("height", "auto")
    element.style.setProperty("height", `${element.scrollHeight}px`)
  }, [text, field])

  function pick(named: Named) {
    if (!typing) return
    const next = complete(text, typing, named.name)
    caretToBe.current = next.caret
    onChange(next.text)
    setCaret(next.caret)
  }
  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    if (event.nativeEvent.isComposing) return
    if (!isOpen) {
      onKey(event)
      return
    }
    const one = found[Math.min(at, found.length - 1)]
    if (event.key === "ArrowDown" || event.key === "ArrowUp") setAt((at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length)
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && one) pick(one)
    else if (event.key === "Escape") setClosedFor(name)
    else {
      onKey(event)
      return
    }
    event.preventDefault()
    event.stopPropagation()
  }
  function onPaste(event: ClipboardEvent) {
    const { length } = event.clipboardData.getData("text/plain")
    if (length > LONG_PASTE) onPasted(length)
  }
  return (
    <>
      <textarea
        ref={field}
        className="composer-field"
        rows={1}
        data-tall={isTall || undefined}
        aria-label="Message"
        placeholder={placeholder}
        value={text}
        aria-autocomplete="list"
        aria-controls={isOpen ? id : undefined}
        aria-activedescendant={isOpen ? `${id}-${Math.min(at, found.length - 1)}` : undefined}
        onChange={(event) => {
          onChange(event.target.value)
          setCaret(event.target.selectionEnd)
          setAt(0)
        }}
        onSelect={(event) => setCaret(event.currentTarget.selectionEnd)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onBlur={() => setCaret(-1)}
      />
      {isOpen && <NameList id={id} names={found} at={Math.min(at, found.length - 1)} doesNarrow={doesNarrow} onPick={pick} />}
    </>
  )
}
