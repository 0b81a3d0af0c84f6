/**
 * When to tell React: at a frame, all changes at once. How often goes by what a telling costs here, from the first
 * line of script to the painted frame: text takes at most an eighth of the time of any machine, and never comes
 * faster than anybody could read. Where a telling is longer than a frame, what is dear to draw waits for the next one.
 * A tab that is not looked at has no frames: a slow timer tells there.
 */

export type Schedule = (run: () => void) => void

const HIDDEN_MS = 500
const LEAST_MS = 50
const MOST_MS = 200
/** One part telling, seven parts rest. */
const SHARE = 8
const FRAME_MS = 1000 / 60
/** So many texts are drawn in a frame where it cannot hold them all. */
const DRAWS = 2

const waiting = new Set<() => void>()
const late = new Set<() => void>()
let isAsked = false
let timer: ReturnType<typeof setTimeout> | undefined
let lastAt = 0
let frameAt = 0
/** What the last telling took so far, in all its frames; and what tellings take. */
let spentMs = 0
let costMs = 0
let drawsLeft = Infinity

/** How long to rest between two tellings that cost so much. */
export function restFor(cost: number): number {
  return Math.min(MOST_MS, Math.max(LEAST_MS, cost * SHARE))
}

/** Tell all that waits, now. */
export function flush(): void {
  clearTimeout(timer)
  isAsked = false
  lastAt = performance.now()
  tell(late)
  tell(waiting)
}

function tell(those: Set<() => void>): void {
  const runs = [...those]
  those.clear()
  for (const run of runs) run()
}

/** Whether this frame has room for one more text that React draws. Where it has none, `again` is called in the next. */
export function mayDraw(again: () => void): boolean {
  if (drawsLeft > 0) {
    drawsLeft -= 1
    return true
  }
  late.add(again)
  return false
}

export function drawNoMore(again: () => void): void {
  late.delete(again)
}

const afterPaint = typeof MessageChannel === "undefined" ? null : new MessageChannel()
if (afterPaint) {
  // A message that is posted in a frame is read when that frame has been laid out and painted.
  afterPaint.port1.onmessage = () => (spentMs += performance.now() - frameAt)
}

function flushInFrame(): void {
  if (spentMs) costMs = costMs === 0 ? spentMs : costMs * 0.8 + spentMs * 0.2
  spentMs = 0
  inFrame(flush)
}

function inFrame(run: () => void): void {
  frameAt = performance.now()
  drawsLeft = costMs > FRAME_MS ? DRAWS : Infinity
  run()
  drawsLeft = Infinity
  if (late.size) requestAnimationFrame(flushLate)
  afterPaint?.port2.postMessage(null)
}

function flushLate(): void {
  if (late.size) inFrame(() => tell(late))
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
