import { Tabs as Base } from "@base-ui/react/tabs"
import type { ReactNode } from "react"

interface TabsProps<T extends string> {
  label: string
  value: T
  onChange: (value: T) => void
  tabs: readonly { value: T; label: string; content: ReactNode }[]
  /** What stands at the right of the row of tabs. */
  end?: ReactNode
}

/** A row of words with a rule under the open one; only its content is there. */
export function Tabs<T extends string>({ label, value, onChange, tabs, end }: TabsProps<T>) {
  return (
    <Base.Root value={value} onValueChange={(next: T) => onChange(next)} className="flex min-h-0 flex-1 flex-col">
      <Base.List aria-label={label} className="flex h-12 shrink-0 tablet:max-laptop:h-14 items-stretch gap-[18px] border-b border-line pr-2 pl-4 max-tablet:gap-6 max-tablet:px-5 max-tablet:text-lane">
        {tabs.map((tab) => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="relative font-medium text-ink-2 outline-offset-[-4px] after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 hover:text-ink data-active:text-ink data-active:after:bg-ink"
          >
            {tab.label}
          </Base.Tab>
        ))}
        {end && <span className="ml-auto flex items-center">{end}</span>}
      </Base.List>
      {tabs.map((tab) => (
        <Base.Panel key={tab.value} value={tab.value} className="min-h-0 flex-1 overflow-auto outline-none">
          {tab.content}
        </Base.Panel>
      ))}
    </Base.Root>
  )
}
