import { hueClass } from "@/components/ui/glyph"

/** Three bars in the hues of the models that are writing; one model: all three in its hue. */
export function LiveBars({ slots, label = "writing" }: { slots: readonly number[]; label?: string }) {
  const hues = slots.length >= 3 ? slots.slice(0, 3) : [slots[0], slots[1] ?? slots[0], slots[0]]
  return (
    <span className="live" role="img" aria-label={label}>
      {hues.map((slot, index) => (
        <i key={index} className={hueClass(slot ?? 8)} />
      ))}
    </span>
  )
}
