const LEAST_MS = 300
const MOST_MS = 15_000

/** How long to wait before trying again: anything up to a bound that doubles, so that a thousand tabs do not come at once. */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(MOST_MS, LEAST_MS * 2 ** attempt))
}
