/** Finding by a few letters: pure, so that it can be tested as a table. */

export interface Match {
  /** The better, the smaller. */
  rank: number
  /** Which letters of the text were meant: [from, to) pairs. */
  marks: readonly (readonly [number, number])[]
}

const STROKED: Readonly<Record<string, string>> = { ø: "o", ł: "l", đ: "d" }

/** Upper and lower case, and marks on letters, make no difference: "tromso" finds "Tromsø". As long as the text itself. */
function plain(text: string): string {
  const letters = Array.from({ length: text.length }, (_, at) => text.charAt(at).normalize("NFD").charAt(0).toLowerCase().charAt(0))
  return letters.map((letter) => STROKED[letter] ?? letter).join("")
}

/**
 * Say how well a text answers to what was typed: at its beginning, at a word's beginning,
 * anywhere inside, or by its letters in order. Null: not at all.
 */
export function match(text: string, typed: string): Match | null {
  const sought = plain(typed.trim())
  if (!sought) return { rank: 0, marks: [] }
  const inside = plain(text)
  const at = inside.indexOf(sought)
  if (at >= 0) {
    const isWord = at === 0 || /[\s\W_]/.test(inside.charAt(at - 1))
    return { rank: at === 0 ? 1 : isWord ? 2 : 3, marks: [[at, at + sought.length]] }
  }
  const marks: [number, number][] = []
  let from = 0
  for (const letter of sought.replaceAll(" ", "")) {
    const next = inside.indexOf(letter, from)
    if (next < 0) return null
    const last = marks.at(-1)
    if (last?.[1] === next) last[1] = next + 1
    else marks.push([next, next + 1])
    from = next + 1
  }
  // Letters strewn over the whole text are chance, not a name half remembered.
  return marks.length > Math.max(2, sought.length / 2) ? null : { rank: 4 + marks.length, marks }
}
