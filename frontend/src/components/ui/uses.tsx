import { cn } from "@/lib/cn"

/** How often something may still be used: one stroke for each, the used ones pale. */
export function Uses({ left, of }: { left: number; of: number }) {
  if (of > 12) return null
  return (
    <span className="inline-flex gap-[3px]" aria-hidden="true">
      {Array.from({ length: of }, (_, index) => (
        <i key={index} className={cn("h-[3px] w-3.5 rounded-[2px]", index < left ? "bg-ink-2" : "bg-line-strong")} />
      ))}
    </span>
  )
}
