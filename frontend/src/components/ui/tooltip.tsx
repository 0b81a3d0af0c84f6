import { Tooltip } from "@base-ui/react/tooltip"
import type { ReactElement, ReactNode } from "react"

import { Keys } from "@/components/ui/kbd"

/** Around the whole page: the second tip in a row comes without waiting. */
export function TipProvider({ children }: { children: ReactNode }) {
  return <Tooltip.Provider delay={500}>{children}</Tooltip.Provider>
}

/** A word about what is under the pointer. It only repeats what a label says: never the sole place of anything. */
export function Tip({ label, keys, children }: { label: ReactNode; keys?: string; children: ReactElement }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger render={children} />
      <Tooltip.Portal>
        <Tooltip.Positioner sideOffset={6} className="z-50">
          <Tooltip.Popup className="fades flex items-center gap-2 rounded-sm bg-raised px-2 py-1 text-small text-ink-2 shadow-float">
            {label}
            {keys && <Keys keys={keys} />}
          </Tooltip.Popup>
        </Tooltip.Positioner>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
