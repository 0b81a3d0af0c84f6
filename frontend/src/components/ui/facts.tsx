import type { ReactNode } from "react"

/** Names and what they are, a hairline above each row. */
export function Facts({ children, className = "" }: { children: ReactNode; className?: string }) {
  return <dl className={`num grid grid-cols-[104px_minmax(0,1fr)] ${className}`}>{children}</dl>
}

export function Fact({ name, note, children }: { name: string; note?: ReactNode; children: ReactNode }) {
  return (
    <>
      <dt className="border-t border-line py-[11px] leading-[1.45] text-ink-3">{name}</dt>
      <dd className="border-t border-line py-[11px] leading-[1.45]">
        {children}
        {note && <small className="block text-small text-ink-3">{note}</small>}
      </dd>
    </>
  )
}
