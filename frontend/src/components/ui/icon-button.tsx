import { cva } from "class-variance-authority"
import type { ComponentProps } from "react"

import { Tip } from "@/components/ui/tooltip"
import { cn } from "@/lib/cn"

export const iconButtonLook = cva(
  "inline-grid size-(--hit) shrink-0 place-items-center rounded-md transition-colors duration-(--fast) disabled:text-ink-3",
  {
    variants: {
      isOn: {
        true: "bg-pen-soft text-pen",
        false: "text-ink-2 hover:bg-hover hover:text-ink data-popup-open:bg-hover data-popup-open:text-ink",
      },
    },
    defaultVariants: { isOn: false },
  },
)

type IconButtonProps = ComponentProps<"button"> & {
  /** What it does, for those who do not see the icon; shown as its tip, too. */
  label: string
  isOn?: boolean
  /** Its key, shown in the tip: `mod+k`. */
  keys?: string
  /** Off where the button opens something that would lie over the tip. */
  hasTip?: boolean
}

export function IconButton({ label, isOn, keys, hasTip = true, className, type = "button", ...rest }: IconButtonProps) {
  const button = <button type={type} aria-label={label} className={cn(iconButtonLook({ isOn }), className)} {...rest} />
  return hasTip ? <Tip label={label} {...(keys && { keys })}>{button}</Tip> : button
}
