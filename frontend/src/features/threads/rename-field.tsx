import { useEffect, useRef, type KeyboardEvent } from "react"

import { inputLook } from "@/components/ui/field"
import { cn } from "@/lib/cn"

interface RenameFieldProps {
  title: string
  label: string
  /** The new name, or null when it stays. */
  onDone: (title: string | null) => void
  className?: string
}

/** Renames in place: the text is selected, Enter or leaving keeps it, Esc does not. */
export function RenameField({ title, label, onDone, className }: RenameFieldProps) {
  const field = useRef<HTMLInputElement>(null)
  const isDone = useRef(false)
  useEffect(() => {
    field.current?.focus()
    field.current?.select()
  }, [])

  function finish(isKept: boolean) {
    if (isDone.current) return
    isDone.current = true
    const next = field.current?.value.trim() ?? ""
    onDone(isKept && next && next !== title ? next : null)
  }
  function onKeyDown(event: KeyboardEvent) {
    event.stopPropagation()
    if (event.nativeEvent.isComposing) return
    if (event.key === "Enter") finish(true)
    if (event.key === "Escape") finish(false)
  }
  return (
    <input
      ref={field}
      aria-label={label}
      defaultValue={title}
      maxLength={200}
      onKeyDown={onKeyDown}
      onBlur={() => finish(true)}
      className={cn(inputLook(), "h-8 px-2 text-ui pointer-coarse:h-11", className)}
    />
  )
}
