import { Popover as Base } from "@base-ui/react/popover"
import type { ReactNode, RefObject } from "react"

interface PopoverProps {
  isOpen: boolean
  onClose: () => void
  anchor: RefObject<Element | null>
  title: string
  about?: ReactNode
  children: ReactNode
  initialFocus?: RefObject<HTMLElement | null>
}

/** A question asked where it stands. */
export function Popover({ isOpen, onClose, anchor, title, about, children, initialFocus }: PopoverProps) {
  return (
    <Base.Root open={isOpen} onOpenChange={(open) => !open && onClose()} modal="trap-focus">
      <Base.Portal>
        <Base.Positioner anchor={anchor} side="bottom" align="end" alignOffset={8} sideOffset={0} collisionPadding={8} className="z-40">
          <Base.Popup
            role="alertdialog"
            {...(initialFocus && { initialFocus })}
            className="opens w-[296px] origin-(--transform-origin) rounded-lg bg-raised px-4 pt-4 pb-3.5 shadow-float outline-none"
          >
            <Base.Title className="font-serif text-[1.1875rem]/[1.25] font-[420] tracking-[-0.01em]">{title}</Base.Title>
            {about && <Base.Description className="mt-1.5 leading-normal text-ink-2">{about}</Base.Description>}
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}
