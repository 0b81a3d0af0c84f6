import type { KeyboardEvent, ReactNode } from "react"

/** The lanes' tabs. Tab leads to the open one, arrows walk along them and open what they come to. */
export function LaneTabs({ isMany = false, children }: { isMany?: boolean; children: ReactNode }) {
  return (
    <div className="lane-tabs" data-many={isMany || undefined} role="tablist" aria-label="Lanes" onKeyDown={walk}>
      {children}
    </div>
  )
}

function walk(event: KeyboardEvent<HTMLElement>): void {
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")]
  const at = tabs.findIndex((tab) => tab === event.target)
  const next = tabs[placeFor(event.key, at, tabs.length)]
  if (at < 0 || !next) return
  event.preventDefault()
  next.focus()
  next.click()
}

function placeFor(key: string, at: number, count: number): number {
  switch (key) {
    case "ArrowRight":
      return (at + 1) % count
    case "ArrowLeft":
      return (at + count - 1) % count
    case "Home":
      return 0
    case "End":
      return count - 1
    default:
      return -1
  }
}
