/** Whom "@" names in the words around here: they stand out, and this person's own name more so. */

import { createContext, use } from "react"

export interface Mentions {
  /** One group: the "@" and the name. */
  pattern: RegExp | null
  /** "@" and this person's name, lower case. */
  me: string
}

const NOBODY: Mentions = { pattern: null, me: "" }
const Context = createContext<Mentions>(NOBODY)
export const MentionsProvider = Context.Provider

export function useMentions(): Mentions {
  return use(Context)
}

/** Make the pattern that finds these names; the longest one wins where two begin the same. */
export function mentionsOf(names: readonly string[], me: string): Mentions {
  const wanted = [...new Set(names.flatMap((name) => [name, name.split(/\s/)[0] ?? name]))].filter((name) => name.length > 1)
  if (!wanted.length) return NOBODY
  const alternatives = wanted.sort((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_.])(@(?:${alternatives.join("|")}))(?![\\p{L}\\p{N}_]|-\\p{L})`, "giu")
  return { pattern, me: `@${me.toLowerCase()}` }
}
