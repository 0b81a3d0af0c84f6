import { Dialog } from "@base-ui/react/dialog"
import type { ReactNode } from "react"

import { cn } from "@/lib/cn"

interface OverProps {
  isOpen: boolean
  onClose: () => void
  side: "left" | "right"
  label: string
  children: ReactNode
}

/** On a tablet: a column that comes over the room from its own side, and goes by a tap beside it. */
export function Over({ isOpen, onClose, side, label, children }: OverProps) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={cn("fades fixed inset-0 z-20 bg-(--scrim)", side === "left" && "left-(--rail)")} />
        <Dialog.Popup
          aria-label={label}
          className={cn(
            "fades fixed inset-y-0 z-20 grid grid-rows-[minmax(0,1fr)] shadow-float outline-none",
            side === "left" ? "left-(--rail) w-80 data-ending-style:-translate-x-3 data-starting-style:-translate-x-3" : "right-0 w-[min(var(--panel),100vw)] data-ending-style:translate-x-3 data-starting-style:translate-x-3",
          )}
        >
          {children}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
