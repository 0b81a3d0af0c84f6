import { cn } from "@/lib/cn"
import { initial, list } from "@/lib/format"

interface AvatarProps {
  name: string
  size?: "small" | "normal"
  /** Not in the room now: a ring instead of a disc. */
  isAway?: boolean
  className?: string
}

/** A person: round, with the first letter of their name. */
export function Avatar({ name, size = "normal", isAway = false, className }: AvatarProps) {
  return (
    <span
      aria-hidden="true"
      title={name}
      className={cn(
        "inline-grid shrink-0 place-items-center rounded-full font-semibold select-none",
        size === "small" ? "size-6 text-micro/none" : "size-7 text-small/none",
        isAway ? "font-medium text-ink-3 shadow-[inset_0_0_0_1px_var(--line-strong)]" : "bg-selected text-ink-2",
        className,
      )}
    >
      {initial(name)}
    </span>
  )
}

/** Who is here: at most four, then how many more. `ground` is the colour the stack stands on. */
export function AvatarStack({ names, ground = "var(--paper)", total = names.length, size = "small" }: { names: readonly string[]; ground?: string; total?: number; size?: "small" | "normal" }) {
  const shown = total > 4 ? names.slice(0, Math.min(4, names.length)) : names
  const rest = total - shown.length
  const ring = { boxShadow: `0 0 0 2px ${ground}` }
  return (
    <span className="flex" role="img" aria-label={list([...shown, ...(rest > 0 ? [`${rest} more`] : [])])}>
      {shown.map((name, index) => (
        <span key={`${name}${index}`} className="-ml-1.5 rounded-full first:ml-0" style={ring}>
          <Avatar name={name} size={size} />
        </span>
      ))}
      {rest > 0 && (
        <span
          className={cn("num -ml-1.5 grid place-items-center rounded-full bg-selected font-semibold text-ink-2", size === "small" ? "size-6 text-micro" : "size-7 text-small")}
          style={ring}
          aria-hidden="true"
        >
          +{rest}
        </span>
      )}
    </span>
  )
}
