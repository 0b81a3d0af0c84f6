/** The protocol counts Unicode code points; a JavaScript string counts UTF-16 units. */

/** Give the text without its first `count` code points. */
export function skipCodePoints(text: string, count: number): string {
  let at = 0
  for (let left = count; left > 0 && at < text.length; left--) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return text.slice(at)
}

/** Count the code points of a text. */
export function countCodePoints(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; count++) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  return count
}
