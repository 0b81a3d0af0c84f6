import { Dialog as Base } from "@base-ui/react/dialog"
import { useRef, type ReactNode } from "react"
import { AltArrowLeftIcon } from "@solar-icons/react/linear/alt-arrow-left"
import { CloseIcon } from "@solar-icons/react/linear/close"

import { IconButton } from "@/components/ui/icon-button"

interface SheetProps {
  isOpen: boolean
  onClose: () => void
  title: string
  about?: ReactNode
  children: ReactNode
  foot?: ReactNode
  /** Nothing in it takes the focus, so the text itself does: the arrow keys scroll it. */
  isText?: boolean
}

/** A larger question, from the right, over the room. On a phone it is a screen with a way back. */
export function Sheet({ isOpen, onClose, title, about, children, foot, isText = false }: SheetProps) {
  const content = useRef<HTMLDivElement>(null)
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Base.Portal>
        <Base.Popup
          // To what is asked, not to the way out.
          initialFocus={() => content.current?.parentElement?.querySelector<HTMLElement>("[data-asked] :is(input, select, textarea, button)") ?? true}
          className="slides fixed top-[58px] right-[14px] z-30 flex max-h-[calc(100vh-72px)] w-[500px] max-w-[calc(100vw-28px)] flex-col rounded-lg bg-raised shadow-float outline-none max-tablet:inset-0 max-tablet:max-h-none max-tablet:w-full max-tablet:max-w-none max-tablet:rounded-none laptop:right-[calc(var(--sheet-right,0px)+14px)]"
        >
          <header className="flex items-start pt-[18px] pr-3 pl-6 max-tablet:pt-2 max-tablet:pl-1">
            <IconButton label="Back" onClick={onClose} className="tablet:hidden">
              <AltArrowLeftIcon size={18} />
            </IconButton>
            <div className="min-w-0 grow max-tablet:pt-2">
              <Base.Title className="font-serif text-[1.375rem]/[1.25] font-[420] tracking-[-0.01em]">{title}</Base.Title>
              {about && <Base.Description className="mt-1 text-ink-3">{about}</Base.Description>}
            </div>
            <IconButton label="Close" onClick={onClose} className="max-tablet:hidden">
              <CloseIcon size={18} />
            </IconButton>
          </header>
          <div ref={content} data-asked tabIndex={isText ? 0 : undefined} className="min-h-0 grow overflow-auto px-6 pt-4">{children}</div>
          {foot && <footer data-asked className="flex items-center gap-2 border-t border-line px-4 pt-2 pb-3.5">{foot}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
