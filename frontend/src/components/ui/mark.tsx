/** The product's own mark, three strokes over one line: many voices, one answer. */
export function Mark({ size = 16, className }: { size?: number; className?: string }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true" className={className}>
      <path d="M6 4v8M12 4v5M18 4v10" />
      <path d="M4 20h16" />
    </svg>
  )
}
