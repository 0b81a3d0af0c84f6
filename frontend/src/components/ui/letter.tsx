/** The letter a lane has within one question, in its model's hue. */
export function Letter({ children }: { children: string }) {
  return (
    <span className="inline-block size-[17px] shrink-0 rounded-[4px] text-center text-micro/[16px] font-semibold text-(--hue) shadow-[inset_0_0_0_1px_color-mix(in_oklab,var(--hue)_55%,var(--paper))]">
      {children}
    </span>
  )
}
