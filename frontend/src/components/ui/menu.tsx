import { Menu as Base } from "@base-ui/react/menu"
import type { ReactElement, ReactNode } from "react"
import { CheckIcon } from "@solar-icons/react/linear/check"

import { Keys } from "@/components/ui/kbd"
import { cn } from "@/lib/cn"

interface MenuProps {
  /** What opens it; left out where the menu hangs on `anchor`. */
  trigger?: ReactElement
  label: string
  children: ReactNode
  isOpen?: boolean
  onOpenChange?: (isOpen: boolean) => void
  /** An element, or a point: a menu of a row that many rows share. */
  anchor?: Element | { getBoundingClientRect: () => DOMRect } | null
  side?: "top" | "bottom" | "right"
  align?: "start" | "end"
  /** How far the menu stands in from that edge, and from what it hangs on. */
  alignOffset?: number
  sideOffset?: number
  className?: string
  /** Where the focus goes when it closes; false leaves it where the menu's action put it. */
  finalFocus?: () => HTMLElement | boolean | null | undefined
}

export function Menu({ trigger, label, children, isOpen, onOpenChange, anchor, side = "bottom", align = "start", alignOffset = 0, sideOffset = 4, className, finalFocus }: MenuProps) {
  return (
    <Base.Root {...(isOpen !== undefined && { open: isOpen })} {...(onOpenChange && { onOpenChange: (open: boolean) => onOpenChange(open) })} modal={false}>
      {trigger && <Base.Trigger render={trigger} />}
      <Base.Portal>
        <Base.Positioner side={side} align={align} alignOffset={alignOffset} sideOffset={sideOffset} collisionPadding={8} className="z-40" {...(anchor && { anchor })}>
          <Base.Popup
            aria-label={label}
            className={cn("opens min-w-[232px] origin-(--transform-origin) rounded-lg bg-raised p-1.5 shadow-float outline-none", className)}
            {...(finalFocus && { finalFocus })}
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

const look =
  "flex min-h-(--hit) w-full cursor-default items-center gap-2.5 rounded-md px-2.5 py-1 text-left text-ink outline-none select-none data-highlighted:bg-hover data-disabled:text-ink-3 [&>svg]:text-ink-2"

interface ItemProps {
  icon?: ReactNode
  keys?: string
  note?: ReactNode
  isDanger?: boolean
  isDisabled?: boolean
  /** The menu stays: it becomes a question. */
  isStaying?: boolean
  onSelect: () => void
  children: ReactNode
}

export function MenuItem({ icon, keys, note, isDanger = false, isDisabled = false, isStaying = false, onSelect, children }: ItemProps) {
  return (
    <Base.Item
      className={cn(look, isDanger && "text-danger [&>svg]:text-danger")}
      onClick={onSelect}
      disabled={isDisabled}
      closeOnClick={!isStaying}
    >
      {icon}
      <span className="grow">
        {children}
        {note && <small className="mt-px block text-small/[1.4] font-normal text-ink-3">{note}</small>}
      </span>
      {keys && <Keys keys={keys} />}
    </Base.Item>
  )
}

interface RadioItemsProps<T extends string> {
  value: T
  options: readonly { value: T; label: string; note?: string }[]
  onChange: (value: T) => void
}

/** One of several, each with a line about it; the one that holds has a tick. */
export function MenuRadioItems<T extends string>({ value, options, onChange }: RadioItemsProps<T>) {
  return (
    <Base.RadioGroup value={value} onValueChange={(next: T) => next !== value && onChange(next)}>
      {options.map((option) => (
        <Base.RadioItem
          key={option.value}
          value={option.value}
          closeOnClick
          className={cn(look, "items-start py-1.5 data-checked:font-semibold")}
        >
          <span className="grid w-4 shrink-0 place-items-center pt-px">
            <Base.RadioItemIndicator>
              <CheckIcon size={14} />
            </Base.RadioItemIndicator>
          </span>
          <span>
            {option.label}
            {option.note && <small className="mt-px block text-small/[1.4] font-normal text-ink-3">{option.note}</small>}
          </span>
        </Base.RadioItem>
      ))}
    </Base.RadioGroup>
  )
}

export function MenuLine() {
  return <Base.Separator className="mx-2.5 my-1.5 h-px bg-line" />
}
