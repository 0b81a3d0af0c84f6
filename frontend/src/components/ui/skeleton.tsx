import { useEffect, useState } from "react"

const WIDTHS = ["38%", "92%", "84%", "61%"]

/** Nothing for 200 ms, then four still lines where text will be. */
export function Skeleton({ label = "Loading" }: { label?: string }) {
  const [isLate, setIsLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setIsLate(true), 200)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div role="status" aria-label={label} className="grid gap-2.5">
      {isLate && WIDTHS.map((width) => <i key={width} className="h-[9px] rounded-[3px] bg-line" style={{ width }} />)}
    </div>
  )
}
