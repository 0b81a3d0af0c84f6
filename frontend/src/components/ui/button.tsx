import { cva, type VariantProps } from "class-variance-authority"
import type { ComponentProps } from "react"

import { cn } from "@/lib/cn"

export const buttonLook = cva(
  "hit inline-flex shrink-0 items-center justify-center gap-[7px] whitespace-nowrap rounded-md text-ui/none font-medium transition-colors duration-(--fast) select-none disabled:pointer-events-none aria-disabled:pointer-events-none",
  {
    variants: {
      look: {
        plain: "text-ink shadow-[inset_0_0_0_1px_var(--line-strong)] hover:bg-hover disabled:text-ink-3 aria-disabled:text-ink-3",
        primary: "bg-pen text-pen-ink hover:bg-pen-strong disabled:bg-selected disabled:text-ink-3 aria-disabled:bg-selected aria-disabled:text-ink-3",
        quiet: "text-ink-2 hover:bg-hover hover:text-ink disabled:text-ink-3",
        link: "text-pen hover:bg-hover disabled:text-ink-3",
        danger: "bg-danger text-paper hover:brightness-95 disabled:bg-transparent disabled:text-ink-3 disabled:shadow-[inset_0_0_0_1px_var(--line-strong)]",
        quietDanger: "text-danger hover:bg-hover",
      },
      size: { normal: "h-8 px-3", field: "h-9 px-3", big: "h-[42px] px-[18px] text-[0.875rem]" },
    },
    compoundVariants: [{ look: ["quiet", "link", "quietDanger"], size: "normal", className: "px-2" }],
    defaultVariants: { look: "plain", size: "normal" },
  },
)

type ButtonLook = VariantProps<typeof buttonLook>
type ButtonProps = ComponentProps<"button"> & ButtonLook

export function Button({ look, size, className, type = "button", ...rest }: ButtonProps) {
  return <button type={type} className={cn(buttonLook({ look, size }), className)} {...rest} />
}
