import type { ReactNode } from "react"

interface SectionProps {
  title: string
  count: number
  end?: ReactNode
  children: ReactNode
}

/** A part of the panel: a heading with its count, and rows. */
export function Section({ title, count, end, children }: SectionProps) {
  return (
    <section className="border-line px-5 pt-3 pb-3.5 not-first:border-t">
      <div className="flex min-h-8 items-center gap-2">
        <h2 className="grow font-semibold">
          {title}
          <span className="num ml-[5px] font-normal text-ink-3">{count}</span>
        </h2>
        {end}
      </div>
      {children}
    </section>
  )
}
