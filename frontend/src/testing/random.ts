/** Chance that can be repeated: the same seed gives the same test. */
export function seeded(seed: number): { next: () => number; int: (below: number) => number; pick: <T>(from: readonly T[]) => T } {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (below: number) => Math.floor(next() * below)
  return {
    next,
    int,
    pick: <T>(from: readonly T[]) => {
      const one = from[int(from.length)]
      if (one === undefined) throw new Error("nothing to pick from")
      return one
    },
  }
}

/** Cut a text into pieces of random length, never in the middle of a code point. */
export function cut(text: string, random: ReturnType<typeof seeded>, most = 12): string[] {
  const points = Array.from(text)
  const pieces: string[] = []
  for (let at = 0; at < points.length; ) {
    const size = 1 + random.int(most)
    pieces.push(points.slice(at, at + size).join(""))
    at += size
  }
  return pieces
}
