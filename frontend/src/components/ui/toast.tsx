import { useEffect, useRef, useState, type ReactNode } from "react"
import { CloseIcon } from "@solar-icons/react/linear/close"
import { DangerTriangleIcon } from "@solar-icons/react/linear/danger-triangle"

import { Button } from "@/components/ui/button"
import { IconButton } from "@/components/ui/icon-button"
import { Kbd } from "@/components/ui/kbd"
import { useShortcuts } from "@/lib/shortcuts"
import { makeStore, useStore } from "@/lib/store"

const STAYS_MS = 6000

interface Toast {
  text: ReactNode
  /** Takes it back: the Undo button, and Z. */
  undo?: () => void
  open?: { label: string; run: () => void }
  isRefusal?: boolean
  /** What is done only now that nobody undid it. A page that is left before does not do it. */
  after?: () => void
}

const shown = makeStore<(Toast & { id: number }) | null>(null)
let count = 0

/** Say what just happened, in place of what was said before. Only for what the person did. */
export function toast(words: Toast): void {
  const before = shown.get()
  shown.set({ ...words, id: ++count })
  before?.after?.()
}

export function dismissToast(): void {
  const before = shown.get()
  shown.set(null)
  before?.after?.()
}

/** The one toast, at the bottom left, over the list. It waits while it is looked at. */
export function Toaster() {
  const now = useStore(shown)
  return (
    <div className="pointer-events-none fixed bottom-4 left-4 z-50 w-[344px] max-w-[calc(100vw-32px)]" role="status" aria-live="polite">
      {now && <Shown key={now.id} toast={now} />}
    </div>
  )
}

function Shown({ toast: { text, undo, open, isRefusal } }: { toast: Toast }) {
  const [isHeld, setIsHeld] = useState(false)
  const left = useRef(STAYS_MS)
  useEffect(() => {
    if (isHeld) return undefined
    const since = performance.now()
    const timer = setTimeout(dismissToast, left.current)
    return () => {
      clearTimeout(timer)
      left.current = Math.max(1000, left.current - (performance.now() - since))
    }
  }, [isHeld])

  function takeBack() {
    shown.set(null)
    undo?.()
  }
  useShortcuts(undo ? [{ keys: "z", label: "Undo the last toast", group: "Everywhere", run: takeBack }] : [])

  return (
    <div
      className="pointer-events-auto flex min-h-[46px] items-center gap-3 rounded-lg bg-raised py-[7px] pr-2 pl-4 shadow-float starting:translate-y-2 starting:opacity-0 motion-safe:transition-[opacity,translate] motion-safe:duration-(--calm)"
      onPointerEnter={() => setIsHeld(true)}
      onPointerLeave={() => setIsHeld(false)}
      onFocus={() => setIsHeld(true)}
      onBlur={() => setIsHeld(false)}
    >
      {isRefusal && <DangerTriangleIcon size={17} className="text-danger" />}
      <span className="line-clamp-3 min-w-0 grow leading-[1.4]">{text}</span>
      {open && (
        <Button look="link" onClick={() => { dismissToast(); open.run() }}>
          {open.label}
        </Button>
      )}
      {undo && (
        <>
          <Button look="link" onClick={takeBack}>
            Undo
          </Button>
          <Kbd className="mr-2 pointer-coarse:hidden">Z</Kbd>
        </>
      )}
      {!undo && !open && (
        <IconButton label="Close" onClick={dismissToast} hasTip={false}>
          <CloseIcon size={15} />
        </IconButton>
      )}
    </div>
  )
}
