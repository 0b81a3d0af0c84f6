import type { ComponentProps, ReactNode } from "react"
import { CheckIcon } from "@solar-icons/react/linear/check"

import { cn } from "@/lib/cn"

/** The control itself, unseen, over all of the area that answers; what is seen stands beside it and looks at its state. */
const answering = "peer absolute inset-x-[-7px] inset-y-[calc((18px-var(--hit))/2)] z-1 m-0 cursor-pointer appearance-none opacity-0 disabled:cursor-default"

type Native = Omit<ComponentProps<"input">, "type" | "size">

/** A box that is on or off. With children it is its own label. */
export function Checkbox({ children, className, ...rest }: Native) {
  const box = (
    <span className="relative grid size-[18px] shrink-0 place-items-center">
      <input type="checkbox" className={answering} {...rest} />
      <span className="pointer-events-none absolute inset-0 rounded-[5px] shadow-[inset_0_0_0_1.5px_var(--control)] outline-offset-2 outline-pen peer-checked:bg-pen peer-checked:shadow-none peer-focus-visible:outline-2 peer-disabled:opacity-50" />
      <CheckIcon size={13} className="pointer-events-none invisible relative text-pen-ink peer-checked:visible" />
    </span>
  )
  if (!children) return box
  return (
    <label className={cn("flex min-h-8 items-center gap-[11px]", className)}>
      {box}
      <span>{children}</span>
    </label>
  )
}

/** One of several. The group has the name; the label is the text beside it. */
export function Radio({ children, className, ...rest }: Native) {
  return (
    <label className={cn("flex min-h-8 items-center gap-[11px]", className)}>
      <input
        type="radio"
        className="size-[18px] shrink-0 appearance-none rounded-full shadow-[inset_0_0_0_1.5px_var(--control)] checked:shadow-[inset_0_0_0_5.5px_var(--pen)]"
        {...rest}
      />
      <span>{children}</span>
    </label>
  )
}

/** On or off, at once: no button keeps it. */
export function Switch({ label, className, ...rest }: Native & { label: string }) {
  return (
    <span className={cn("relative block h-[18px] w-8 shrink-0", className)}>
      <input type="checkbox" role="switch" aria-label={label} className={answering} {...rest} />
      <span className="pointer-events-none absolute inset-0 rounded-full shadow-[inset_0_0_0_1.5px_var(--control)] outline-offset-2 outline-pen transition-colors duration-(--fast) peer-checked:bg-pen peer-checked:shadow-none peer-focus-visible:outline-2 peer-disabled:opacity-50" />
      <i className="pointer-events-none absolute top-1 left-1 size-2.5 rounded-full bg-control transition-transform duration-(--fast) peer-checked:translate-x-3.5 peer-checked:bg-pen-ink" />
    </span>
  )
}

interface SegmentedProps<T extends string> {
  label: string
  value: T
  options: readonly { value: T; label: ReactNode }[]
  onChange: (value: T) => void
  name: string
}

/** Two to four words side by side, one of them holds. */
export function Segmented<T extends string>({ label, value, options, onChange, name }: SegmentedProps<T>) {
  return (
    <div role="radiogroup" aria-label={label} className="inline-flex rounded-md bg-sunken p-0.5 shadow-[inset_0_0_0_1px_var(--line)]">
      {options.map((option) => (
        <label
          key={option.value}
          className="hit flex h-7 cursor-pointer items-center rounded-[6px] px-2.5 text-small/none font-medium text-ink-2 has-checked:bg-raised has-checked:text-ink has-checked:shadow-[0_0_0_1px_var(--line-strong)] has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-pen"
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </div>
  )
}
