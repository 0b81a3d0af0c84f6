import { AddIcon } from "@solar-icons/react/linear/add"
import { MinusIcon } from "@solar-icons/react/linear/minus"

/** How many times each model speaks. */
export function Rounds({ value, most, onChange }: { value: number; most: number; onChange: (rounds: number) => void }) {
  const step = "hit grid size-8 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink disabled:text-ink-3 disabled:opacity-50"
  return (
    <div role="group" aria-label={`Rounds, ${value}`} className="num inline-flex items-center rounded-md shadow-[inset_0_0_0_1px_var(--line-strong)]">
      <button type="button" aria-label="One round less" disabled={value <= 1} onClick={() => onChange(value - 1)} className={step}>
        <MinusIcon size={14} />
      </button>
      <b className="min-w-3.5 text-center font-medium">{value}</b>
      <button type="button" aria-label="One round more" disabled={value >= most} onClick={() => onChange(value + 1)} className={step}>
        <AddIcon size={14} />
      </button>
    </div>
  )
}
