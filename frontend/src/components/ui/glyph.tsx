import type { ReactNode } from "react"

import { cn } from "@/lib/cn"
import { initial } from "@/lib/format"

const stroke = { fill: "none", stroke: "currentColor", strokeLinejoin: "round", strokeLinecap: "round" } as const

/** By slot: ring, arch, diamond, square, triangle, two leaning strokes, half moon, low dome. */
const SHAPES: readonly ReactNode[] = [
  <circle key="ring" cx="8" cy="8" r="5" {...stroke} strokeWidth="2.4" />,
  <path key="arch" d="M3.4 13V8.2a4.6 4.6 0 0 1 9.2 0V13" {...stroke} strokeWidth="2.4" />,
  <path key="diamond" d="M8 2.6 13.4 8 8 13.4 2.6 8z" {...stroke} strokeWidth="2.2" />,
  <rect key="square" x="3.4" y="3.4" width="9.2" height="9.2" rx="1.6" fill="currentColor" />,
  <path key="triangle" d="M8 3.2 13.4 12.6H2.6z" {...stroke} strokeWidth="2.1" />,
  <path key="strokes" d="M3.6 12.8 6.8 3.2M9.2 12.8 12.4 3.2" {...stroke} strokeWidth="2.4" />,
  <g key="moon">
    <path d="M8 2.6a5.4 5.4 0 0 1 0 10.8z" fill="currentColor" />
    <circle cx="8" cy="8" r="5.2" {...stroke} strokeWidth="1.6" />
  </g>,
  <path key="dome" d="M2.8 11.8a5.2 5.2 0 0 1 10.4 0z" {...stroke} strokeWidth="2.1" />,
]
const HUES = ["fern", "clay", "lagoon", "ochre", "rose", "reed", "plum", "stone"] as const

/** The class that sets `--hue` for a slot; unknown ones are stone. */
export function hueClass(slot: number): string {
  return `m${slot >= 1 && slot <= 8 ? slot : 8}`
}

/** What the slot's hue is called. */
export function hueName(slot: number): string {
  return HUES[slot - 1] ?? "stone"
}

interface GlyphProps {
  slot: number
  /** Its first letter (of "Scripted · Ada" the A) stands in for a shape when the project has more than eight models. */
  name?: string
  size?: number
  className?: string
}

/** A model: a small abstract shape in its hue. Always beside its name, so it says nothing to a screen reader. */
export function Glyph({ slot, name = "", size = 15, className }: GlyphProps) {
  return (
    <svg width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" className={cn(hueClass(slot), "text-(--hue)", className)}>
      {SHAPES[slot - 1] ?? (
        <text x="8" y="12.4" textAnchor="middle" fontSize="12" fontWeight="700" fill="currentColor">
          {initial(name.slice(name.lastIndexOf("·") + 1).trim())}
        </text>
      )}
    </svg>
  )
}
