/**
 * When to tell React: at a frame, all changes at once. How often goes by what a telling costs here, from the first
 * line of script to the painted frame: text takes at most an eighth of the time of any machine, and never comes
 * faster than anybody could read. A tab that is not looked at has no frames: a slow timer tells there.
 */

export type Schedule = (run: () => void) => void

const HIDDEN_MS = 500
const LEAST_MS = 50
const MOST_MS = 200
/** One part telling, seven parts rest. */
const SHARE = 8

const waiting = new Set<() => void>()
let isAsked = false
let timer: ReturnType<typeof setTimeout> | undefined
let lastAt = 0
let costMs = 0

/** How long to rest between two tellings that cost so much. */
export function restFor(cost: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, cost * SHARE))
}

/** Tell all that waits, now. */
export function flush(): void {
  clearTimeout(timer)
  isAsked = false
  lastAt = performance.now()
  const runs = [...waiting]
  waiting.clear()
  for (const run of runs) run()
}

const afterPaint = typeof MessageChannel === "undefined" ? null : new MessageChannel()
if (afterPaint) {
  // A message that is posted in a frame is read when that frame has been laid out and painted.
  afterPaint.port1.onmessage = () => {
    const cost = performance.now() - lastAt
    costMs = costMs === 0 ? cost : costMs * 0.8 + cost * 0.2
  }
}

function flushInFrame(): void {
  flush()
  afterPaint?.port2.postMessage(null)
}

export const atNextFrame: Schedule = (run) => {
  waiting.add(run)
  if (isAsked) return
  isAsked = true
  if (document.hidden) {
    timer = setTimeout(flush, HIDDEN_MS)
    return
  }
  const left = lastAt + restFor(costMs) - performance.now()
  if (left <= 0) requestAnimationFrame(flushInFrame)
  else timer = setTimeout(() => requestAnimationFrame(flushInFrame), left)
}

if (typeof document !== "undefined") {
  // A frame that was asked for before the tab was left never comes while it is away.
  document.addEventListener("visibilitychange", () => {
    document.documentElement.toggleAttribute("data-hidden", document.hidden)
    if (waiting.size) flush()
  })
}
