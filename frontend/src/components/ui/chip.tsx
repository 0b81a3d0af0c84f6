import type { ComponentProps } from "react"

import { cn } from "@/lib/cn"

/** A small word that opens something. */
export function Chip({ className, type = "button", hasLine = false, ...rest }: ComponentProps<"button"> & { hasLine?: boolean }) {
  return (
    <button
      type={type}
      className={cn(
        "hit inline-flex h-[26px] items-center gap-1.5 whitespace-nowrap rounded-sm px-2 text-small/none font-medium text-ink-2 transition-colors duration-(--fast) hover:bg-hover data-popup-open:bg-hover",
        hasLine && "shadow-[inset_0_0_0_1px_var(--line-strong)]",
        className,
      )}
      {...rest}
    />
  )
}
