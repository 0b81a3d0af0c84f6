import type { ReactNode } from "react"

import { cn } from "@/lib/cn"
import { keyNames } from "@/lib/shortcuts"

/** One key. */
export function Kbd({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <kbd
      className={cn(
        "inline-block h-[18px] min-w-[18px] rounded-[4px] px-1 text-center font-sans text-micro/[18px] font-medium text-ink-3 shadow-[inset_0_0_0_1px_var(--line-strong)]",
        className,
      )}
    >
      {children}
    </kbd>
  )
}

/** All keys of a shortcut, side by side: `mod+shift+f`. */
export function Keys({ keys, className }: { keys: string; className?: string }) {
  return (
    <span className={cn("inline-flex gap-1", className)}>
      {keyNames(keys).map((name) => (
        <Kbd key={name}>{name}</Kbd>
      ))}
    </span>
  )
}
