import type { ReactNode } from "react"
import { ServerIcon } from "@solar-icons/react/linear/server"

import { Mark } from "@/components/ui/mark"

interface DoorProps {
  title: string
  lead?: ReactNode
  children: ReactNode
  /** Under the form: other ways in. */
  under?: ReactNode
  /** The last line, about this server. */
  foot: ReactNode
  /** The right half, on windows wide enough for it. */
  art: ReactNode
}

/** The frame of every door: what to do at the left, what one comes into at the right. */
export function Door({ title, lead, children, under, foot, art }: DoorProps) {
  return (
    <div className="grid h-full grid-cols-[minmax(0,608px)_minmax(0,1fr)] overflow-y-auto max-laptop:grid-cols-1">
      <main className="flex min-h-full flex-col pt-10 pr-[72px] pb-8 pl-[88px] max-laptop:mx-auto max-laptop:w-full max-laptop:max-w-[480px] max-laptop:px-6 max-tablet:pt-7">
        <p className="flex items-center gap-[9px] font-serif text-[1.375rem]/none font-medium tracking-[-0.01em]">
          <Mark size={22} />
          Parley
        </p>
        <div className="my-auto w-full max-w-[400px] py-8">
          <h1 className="font-serif text-[2.5rem]/[1.14] font-normal tracking-[-0.018em] text-balance max-tablet:text-title/[1.16]">{title}</h1>
          {lead && <p className="mt-3.5 text-lane/[1.55] text-ink-2">{lead}</p>}
          {children}
          {under && <div className="mt-4 leading-[1.6] text-ink-3">{under}</div>}
        </div>
        <p className="flex items-center gap-[7px] text-small text-ink-3">
          <ServerIcon size={15} />
          {foot}
        </p>
      </main>
      <aside className="sticky top-0 grid h-full place-items-center overflow-hidden border-l border-line bg-sunken p-12 [--paper:var(--sunken)] max-laptop:hidden">{art}</aside>
    </div>
  )
}

/** What a door says when it does not open. */
export function Wrong({ children }: { children: ReactNode }) {
  return (
    <p role="alert" className="mt-2 flex gap-2 leading-[1.45] text-danger">
      {children}
    </p>
  )
}
