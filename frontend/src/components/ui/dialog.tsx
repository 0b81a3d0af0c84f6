import { AlertDialog } from "@base-ui/react/alert-dialog"
import { Dialog as Base } from "@base-ui/react/dialog"
import type { SubmitEvent, ReactNode, RefObject } from "react"

import { cn } from "@/lib/cn"

const popup =
  "opens fixed top-[18vh] left-1/2 z-30 max-h-[76vh] w-[360px] max-w-[calc(100vw-24px)] -translate-x-1/2 overflow-auto rounded-lg bg-raised px-[22px] pt-5 pb-3.5 shadow-float outline-none"
const title = "font-serif text-[1.375rem]/[1.25] font-[420] tracking-[-0.01em]"
const about = "mt-1.5 leading-normal text-ink-2"

interface Props {
  isOpen: boolean
  onClose: () => void
  title: string
  about?: ReactNode
  children?: ReactNode
  /** The buttons, the one that does it last. */
  foot: ReactNode
  initialFocus?: RefObject<HTMLElement | null>
}

/** Asks for a name or two. It floats without a scrim; Enter does it, Esc leaves. */
export function Dialog({ isOpen, onClose, title: name, about: words, children, foot, onSubmit, initialFocus }: Props & { onSubmit: () => void }) {
  function submit(event: SubmitEvent) {
    event.preventDefault()
    onSubmit()
  }
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Popup className={popup} {...(initialFocus && { initialFocus })}>
          <form onSubmit={submit} noValidate>
            <Base.Title className={title}>{name}</Base.Title>
            {words && <Base.Description className={about}>{words}</Base.Description>}
            {children}
            <Foot>{foot}</Foot>
          </form>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

/** One of the three things that ask: leaving, deleting, removing. It has a scrim, and the focus is on staying. */
export function Ask({ isOpen, onClose, title: name, about: words, children, foot, initialFocus }: Props) {
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fades fixed inset-0 z-20 bg-(--scrim)" />
        <AlertDialog.Popup className={popup} {...(initialFocus && { initialFocus })}>
          <AlertDialog.Title className={title}>{name}</AlertDialog.Title>
          {words && <AlertDialog.Description className={about}>{words}</AlertDialog.Description>}
          {children}
          <Foot>{foot}</Foot>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}

function Foot({ children }: { children: ReactNode }) {
  return <div className="-mx-2 mt-[18px] flex items-center justify-end gap-1.5">{children}</div>
}

/** A line under the fields: what holds, with an icon before it. */
export function DialogNote({ icon, children, className }: { icon?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <p className={cn("mt-3.5 flex items-center gap-2 leading-[1.45] text-ink-2", className)}>
      {icon}
      <span className="flex-1">{children}</span>
    </p>
  )
}
