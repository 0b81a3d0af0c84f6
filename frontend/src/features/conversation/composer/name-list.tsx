import type { Named } from "@/features/conversation/composer/mentions"
import { Avatar } from "@/components/ui/avatar"
import { Glyph } from "@/components/ui/glyph"
import { cn } from "@/lib/cn"
import { plain } from "@/lib/markdown/safe"

interface NameListProps {
  id: string
  names: readonly Named[]
  at: number
  /** A model that is named answers alone; where people talk, or models in turn, it does not. */
  doesNarrow: boolean
  onPick: (named: Named) => void
}

/** Whom "@" could mean: people and models, walked with the arrow keys from the field. */
export function NameList({ id, names, at, doesNarrow, onPick }: NameListProps) {
  return (
    <div id={id} role="listbox" aria-label="People and models" className="absolute bottom-[calc(100%+4px)] left-0 z-20 min-w-[232px] rounded-lg bg-raised p-1.5 shadow-float">
      {names.map((named, index) => (
        <div
          key={`${named.kind}/${named.id}`}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          // The field keeps the focus: the press is taken before it would move.
          onPointerDown={(event) => {
            event.preventDefault()
            onPick(named)
          }}
          className={cn("flex min-h-(--hit) cursor-default items-center gap-2.5 rounded-md px-2.5", index === at ? "bg-hover" : "hover:bg-hover")}
        >
          {named.kind === "person" ? (
            <Avatar name={plain(named.name)} size="small" />
          ) : (
            <span className="grid size-6 place-items-center">
              <Glyph slot={named.slot} name={named.name} />
            </span>
          )}
          <span className="cut">{plain(named.name)}</span>
          {doesNarrow && named.kind === "model" && <span className="ml-auto pl-4 text-small text-ink-3">answers alone</span>}
        </div>
      ))}
    </div>
  )
}
