import { cva, type VariantProps } from "class-variance-authority"
import type { ReactNode } from "react"

const look = cva("flex shrink-0 items-center gap-[9px] px-3", {
  variants: {
    tone: {
      plain: "min-h-8 border-b border-line text-ink-2",
      warn: "min-h-8 border-b border-line bg-warn-soft text-warn",
      danger: "min-h-8 border-b border-line bg-danger-soft text-danger",
      pen: "min-h-10 bg-pen-soft text-ink",
    },
  },
  defaultVariants: { tone: "plain" },
})

/** One line about the state of things, over what it is about. */
export function NoticeLine({ tone, icon, end, children }: VariantProps<typeof look> & { icon: ReactNode; end?: ReactNode; children: ReactNode }) {
  return (
    <div role="status" className={look({ tone })}>
      {icon}
      <span className="min-w-0 grow py-1.5 leading-[1.35]">{children}</span>
      {end}
    </div>
  )
}
