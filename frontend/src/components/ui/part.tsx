import type { ReactNode } from "react"

import { cn } from "@/lib/cn"

interface LeafProps {
  title: string
  about?: ReactNode
  children: ReactNode
}

/** A page of settings: a title in serif, then its parts. */
export function Leaf({ title, about, children }: LeafProps) {
  return (
    <>
      <h1 className="font-serif text-title/[1.15] font-normal tracking-[-0.015em]">{title}</h1>
      {about && <p className="mt-2 text-lane/[1.5] text-ink-2">{about}</p>}
      <div className="mt-6">{children}</div>
    </>
  )
}

interface PartProps {
  title: string
  about?: ReactNode
  children: ReactNode
  className?: string
}

/** One subject: what it is at the left, what can be set at the right. */
export function Part({ title, about, children, className }: PartProps) {
  return (
    <section className="grid max-w-[880px] grid-cols-[216px_minmax(0,1fr)] gap-x-10 border-t border-line py-5 max-laptop:grid-cols-1 max-laptop:gap-y-3">
      <div>
        <h2 className="font-semibold">{title}</h2>
        {about && <p className="mt-1 text-small/[1.5] text-ink-3">{about}</p>}
      </div>
      <div className={className}>{children}</div>
    </section>
  )
}

/** Rows with hairlines between them, as high as a hand needs. */
export function Lines({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <ul className={cn("-my-2 [&>li]:flex [&>li]:min-h-[38px] [&>li]:items-center [&>li]:gap-3 [&>li]:border-line [&>li+li]:border-t [&>li>svg]:text-ink-2", className)}>
      {children}
    </ul>
  )
}
