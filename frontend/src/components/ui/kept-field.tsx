import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react"

import { Field, Input, inputLook } from "@/components/ui/field"
import { cn } from "@/lib/cn"

const SAID_MS = 3000

interface KeptFieldProps {
  label: string
  value: string
  /** Keeps it; throws the refusal, whose words are shown. */
  onKeep: (value: string) => Promise<unknown>
  wordsOf: (error: unknown) => string
  isLong?: boolean
  isOptional?: boolean
  maxLength: number
  hint?: ReactNode
  className?: string
  isFixed?: boolean
}

/** A field without a button: what stands in it is kept when you leave it, and it says so for three seconds. */
export function KeptField(props: KeptFieldProps) {
  const { label, value, onKeep, wordsOf, isLong = false, isOptional = false, maxLength, hint, className, isFixed = false } = props
  const [draft, setDraft] = useState<string | null>(null)
  const [isKept, setIsKept] = useState(false)
  const [refusal, setRefusal] = useState("")
  const field = useRef<HTMLInputElement & HTMLTextAreaElement>(null)

  useEffect(() => {
    if (!isKept) return undefined
    const timer = setTimeout(() => setIsKept(false), SAID_MS)
    return () => clearTimeout(timer)
  }, [isKept])

  async function leave() {
    const next = (draft ?? value).trim()
    if (next === value || (!next && !isOptional)) {
      setDraft(null)
      return
    }
    setRefusal("")
    try {
      await onKeep(next)
      setDraft((now) => (now === draft ? null : now)) // what is written meanwhile stays
      setIsKept(true)
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === "Enter" && !isLong) field.current?.blur()
    if (event.key === "Escape" && draft !== null) {
      event.stopPropagation()
      setDraft(null)
    }
  }

  return (
    <Field
      label={label}
      className={className ?? ""}
      error={refusal}
      hint={
        !isFixed && (
          <>
            {hint ?? "Kept when you leave the field."} <span className="text-ok">{isKept && `${label} kept.`}</span>
          </>
        )
      }
    >
      {(control) => {
        const common = {
          ...control,
          ref: field,
          value: draft ?? value,
          maxLength,
          readOnly: isFixed,
          onChange: (event: { target: { value: string } }) => setDraft(event.target.value),
          onBlur: () => void leave(),
          onKeyDown,
        }
        return isLong ? (
          <textarea {...common} rows={3} className={cn(inputLook(), "field-sizing-content h-auto min-h-[76px] resize-none py-2 leading-normal")} />
        ) : (
          <Input {...common} />
        )
      }}
    </Field>
  )
}
