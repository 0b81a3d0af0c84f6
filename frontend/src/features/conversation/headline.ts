/** What of a question is its headline, and what is text under it. Pure. */

interface Headline {
  headline: string
  rest: string
}

const LONGEST = 240
const LONGEST_SENTENCE = 120
/** Structure that a headline would lose: lists, code, tables, quotes, headings, more than one paragraph. */
const STRUCTURE = /\n\s*\n|^\s*(?:[-*+]\s|\d+[.)]\s|>|#{1,6}\s|\||`{3}|~{3}| {4})/m

export function headlineOf(body: string): Headline {
  const text = body.trim()
  if (text.length <= LONGEST && !text.includes("\n") && !STRUCTURE.test(text)) return { headline: bare(text), rest: "" }
  const sentence = firstSentence(text)
  if (!sentence || sentence.length >= LONGEST_SENTENCE || STRUCTURE.test(sentence)) return { headline: "", rest: text }
  return { headline: bare(sentence), rest: text.slice(sentence.length).trim() }
}

function firstSentence(text: string): string {
  const end = /[.?!。？！](?=["”’)]*(?:\s|$))["”’)]*|\n/.exec(text)
  if (!end) return ""
  return text.slice(0, end.index + (end[0] === "\n" ? 0 : end[0].length)).trim()
}

/** A headline has no marks of its own: what was strong, slanted or code in it is read as words. */
function bare(text: string): string {
  return text.replace(/(\*\*|__|`)(\S(?:.*?\S)?)\1/g, "$2").replace(/(^|\s)[*_](\S(?:[^*_]*\S)?)[*_](?=\s|[.,;:!?]|$)/g, "$1$2")
}
