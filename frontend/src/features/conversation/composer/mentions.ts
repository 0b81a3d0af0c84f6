/** "@" and what follows it: whom a message names, and what could be meant while it is typed. Pure. */

export interface Named {
  id: string
  name: string
  kind: "person" | "model"
  slot: number
}

export interface Typing {
  /** Where the "@" stands. */
  from: number
  query: string
}

const MOST = 7
const LONGEST = 40

/** Find the name that is being typed before the caret; null when there is none. */
export function typingName(text: string, caret: number): Typing | null {
  const from = text.lastIndexOf("@", caret - 1)
  if (from < 0 || caret - from > LONGEST || /[\p{L}\p{N}_.]/u.test(text[from - 1] ?? "")) return null
  const query = text.slice(from + 1, caret)
  return /[\n@]/.test(query) || /\s\s|^\s/.test(query) ? null : { from, query }
}

/** Give those whose name, or a word of it, begins so: people first. */
export function matching(all: readonly Named[], query: string): Named[] {
  const said = query.toLowerCase()
  const fits = ({ name }: Named) => {
    const low = name.toLowerCase()
    return low.startsWith(said) || low.split(/\s+/).some((word) => word.startsWith(said))
  }
  const found = all.filter((one) => fits(one) && one.name.toLowerCase() !== said)
  return [...found.filter((one) => one.kind === "person"), ...found.filter((one) => one.kind === "model")].slice(0, MOST)
}

/** Put a name in the place of what was typed of it, and say where the caret goes. */
export function complete(text: string, typing: Typing, name: string): { text: string; caret: number } {
  const end = typing.from + 1 + typing.query.length
  const rest = text.slice(end)
  const words = `@${name}${/^\s/.test(rest) ? "" : " "}`
  return { text: text.slice(0, typing.from) + words + rest, caret: typing.from + words.length + (/^\s/.test(rest) ? 1 : 0) }
}

/** Give the models a text names: by their whole name, or by its first word where only one has it. */
export function namedModels(text: string, models: readonly Named[]): string[] {
  if (!text.includes("@")) return []
  const firsts = new Map<string, number>()
  const firstOf = (name: string) => name.toLowerCase().split(/[\s-]/)[0] ?? ""
  for (const { name } of models) firsts.set(firstOf(name), (firsts.get(firstOf(name)) ?? 0) + 1)
  return models
    .filter(({ name }) => isNamed(text, name) || (firsts.get(firstOf(name)) === 1 && isNamed(text, firstOf(name))))
    .map((model) => model.id)
}

function isNamed(text: string, name: string): boolean {
  const low = text.toLowerCase()
  const said = `@${name.toLowerCase()}`
  for (let at = low.indexOf(said); at >= 0; at = low.indexOf(said, at + 1)) {
    const before = low[at - 1] ?? " "
    const after = low.slice(at + said.length, at + said.length + 2)
    if (!/[\p{L}\p{N}_.]/u.test(before) && !/^(?:[\p{L}\p{N}_-]|\.[\p{L}\p{N}])/u.test(after)) return true
  }
  return false
}
