/**
 * When to tell React: at the next frame, all changes at once. A tab that is not looked at has no frames, so
 * there a slow timer does it, and coming back tells at once.
 */

export type Schedule = (run: () => void) => void

const HIDDEN_MS = 500
const waiting = new Set<() => void>()
let isAsked = false

function flush(): void {
  isAsked = false
  const runs = [...waiting]
  waiting.clear()
  for (const run of runs) run()
}

export const atNextFrame: Schedule = (run) => {
  waiting.add(run)
  if (isAsked) return
  isAsked = true
  if (document.hidden) setTimeout(flush, HIDDEN_MS)
  else requestAnimationFrame(flush)
}

if (typeof document !== "undefined") {
  // A frame that was asked for before the tab was left never comes while it is away.
  document.addEventListener("visibilitychange", () => {
    document.documentElement.toggleAttribute("data-hidden", document.hidden)
    if (waiting.size) flush()
  })
}
