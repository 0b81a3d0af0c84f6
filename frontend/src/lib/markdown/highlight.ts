/**
 * A small highlighter for a page with three inks: key words, strings and numbers, comments. It knows how the
 * common languages write these, and nothing of their grammar; text it does not know stays as it is.
 */

export type Ink = "" | "k" | "s" | "c"
export type Span = [ink: Ink, text: string]

interface Language {
  words: Set<string>
  line: string[]
  block: [open: string, close: string][]
  quotes: string[]
  anyCase?: boolean
}

const w = (text: string) => new Set(text.split(" "))
const C_BLOCK: [string, string][] = [["/*", "*/"]]
const QUOTES = ['"', "'"]

const js = w("as async await break case catch class const continue debugger default delete do else enum export extends false finally for from function get if implements import in instanceof interface let new null of private protected public readonly return set static super switch this throw true try type typeof undefined var void while yield satisfies abstract declare namespace")
const c = w("alignas auto bool break case catch char class const constexpr continue default delete do double else enum explicit extern false final float for friend if inline int long mutable namespace new noexcept nullptr operator override private protected public register return short signed sizeof static static_cast struct switch template this throw true try typedef typename union unsigned using virtual void volatile while")
const LANGUAGES: Record<string, Language> = {
  js: { words: js, line: ["//"], block: C_BLOCK, quotes: [...QUOTES, "`"] },
  py: { words: w("and as assert async await break case class continue def del elif else except False finally for from global if import in is lambda match None nonlocal not or pass raise return self True try while with yield"), line: ["#"], block: [['"""', '"""'], ["'''", "'''"]], quotes: QUOTES },
  c: { words: c, line: ["//"], block: C_BLOCK, quotes: QUOTES },
  java: { words: w("abstract boolean break byte case catch char class const continue data default do double else enum extends false final finally float for fun if implements import in instanceof int interface internal is lateinit let long native new null object open override package private protected public record return sealed short static string super suspend switch synchronized this throw throws true try val var void volatile when while yield async await foreach namespace using virtual get set"), line: ["//"], block: C_BLOCK, quotes: QUOTES },
  go: { words: w("break case chan const continue default defer else fallthrough false for func go goto if import interface iota map nil package range return select struct switch true type var error string int bool byte rune"), line: ["//"], block: C_BLOCK, quotes: [...QUOTES, "`"] },
  rust: { words: w("as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait true type unsafe use where while"), line: ["//"], block: C_BLOCK, quotes: ['"'] },
  ruby: { words: w("alias and begin break case class def do else elsif end ensure false for if in module next nil not or redo rescue retry return self super then true undef unless until when while yield require attr_accessor"), line: ["#"], block: [], quotes: QUOTES },
  php: { words: w("abstract and array as break case catch class clone const continue declare default do echo else elseif extends false final finally fn for foreach function global if implements instanceof interface match namespace new null or private protected public readonly return static switch this throw trait true try use var while yield"), line: ["//", "#"], block: C_BLOCK, quotes: QUOTES },
  swift: { words: w("as associatedtype async await break case catch class continue default defer deinit do else enum extension fallthrough false for func guard if import in init inout is let nil operator private protocol public repeat return self some static struct subscript super switch throw throws true try typealias var where while"), line: ["//"], block: C_BLOCK, quotes: ['"'] },
  sh: { words: w("case do done elif else esac export fi for function if in local return select then until while echo exit cd set source sudo"), line: ["#"], block: [], quotes: QUOTES },
  sql: { words: w("add all alter and as asc begin between by cascade case check column commit constraint create cross database default delete desc distinct drop else end exists explain false for foreign from full grant group having if in index inner insert into is join key left like limit not null offset on or order outer over partition primary references returning revoke right rollback select set table then transaction true truncate union unique update using values view when where with"), line: ["--"], block: C_BLOCK, quotes: ["'"], anyCase: true },
  css: { words: w("import media supports layer container font-face keyframes important root var calc from to"), line: [], block: C_BLOCK, quotes: QUOTES },
  json: { words: w("true false null"), line: ["//"], block: C_BLOCK, quotes: ['"'] },
  yaml: { words: w("true false null yes no on off"), line: ["#"], block: [], quotes: QUOTES },
  toml: { words: w("true false"), line: ["#"], block: [], quotes: QUOTES },
  html: { words: new Set(), line: [], block: [["<!--", "-->"]], quotes: QUOTES },
}
const NAMES: Record<string, string> = {
  javascript: "js", jsx: "js", ts: "js", tsx: "js", typescript: "js", mjs: "js", vue: "js", svelte: "js",
  python: "py", python3: "py", cpp: "c", "c++": "c", h: "c", hpp: "c", objc: "c",
  kotlin: "java", kt: "java", cs: "java", csharp: "java", "c#": "java", scala: "java", dart: "java", groovy: "java",
  golang: "go", rs: "rust", rb: "ruby", bash: "sh", shell: "sh", zsh: "sh", console: "sh", dockerfile: "sh", makefile: "sh",
  postgresql: "sql", postgres: "sql", mysql: "sql", sqlite: "sql", cql: "sql", scss: "css", less: "css", jsonc: "json", json5: "json",
  yml: "yaml", ini: "toml", xml: "html", svg: "html",
} // prettier-ignore

const WORD = /[\p{L}_$][\p{L}\p{N}_$]*(?:-[\p{L}]+)*/uy
const NUMBER = /(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)\p{L}*/uy
const TAG = /<\/?[\w:-]+|\/?>/y

/** Split code into pieces of one ink; put together they are the code again. */
export function colour(text: string, lang: string): Span[] {
  const language = LANGUAGES[NAMES[lang] ?? lang]
  if (!language) return [["", text]]
  const isMarkup = language === LANGUAGES["html"]
  const spans: Span[] = []
  let at = 0
  while (at < text.length) {
    const span = comment(text, at, language) ?? quoted(text, at, language) ?? (isMarkup ? tag(text, at) : null) ?? token(text, at, language)
    at += span[1].length
    const last = spans.at(-1)
    if (last && last[0] === span[0]) last[1] += span[1]
    else spans.push(span)
  }
  return spans
}

function comment(text: string, at: number, language: Language): Span | null {
  for (const [open, close] of language.block) {
    if (!text.startsWith(open, at)) continue
    const end = text.indexOf(close, at + open.length)
    return [open === '"""' || open === "'''" ? "s" : "c", text.slice(at, end < 0 ? text.length : end + close.length)]
  }
  for (const mark of language.line) {
    // "#" inside a word is none: $#, a#b, an address.
    if (!text.startsWith(mark, at) || (mark === "#" && /\S/.test(text[at - 1] ?? " "))) continue
    if (mark === "//" && text[at - 1] === ":") continue
    const end = text.indexOf("\n", at)
    return ["c", text.slice(at, end < 0 ? text.length : end)]
  }
  return null
}

function quoted(text: string, at: number, language: Language): Span | null {
  const quote = text[at] ?? ""
  if (!language.quotes.includes(quote)) return null
  let end = at + 1
  while (end < text.length && text[end] !== quote && (quote === "`" || text[end] !== "\n")) end += text[end] === "\\" ? 2 : 1
  // An apostrophe in a word, or a quote that is never closed in its line, is only a character.
  if (text[end] !== quote) return ["", quote]
  return ["s", text.slice(at, end + 1)]
}

function tag(text: string, at: number): Span | null {
  TAG.lastIndex = at
  const found = TAG.exec(text)
  return found ? ["k", found[0]] : null
}

function token(text: string, at: number, language: Language): Span {
  WORD.lastIndex = at
  const word = WORD.exec(text)?.[0]
  if (word) return [language.words.has(language.anyCase ? word.toLowerCase() : word) ? "k" : "", word]
  NUMBER.lastIndex = at
  const number = NUMBER.exec(text)?.[0]
  if (number) return ["s", number]
  return ["", text[at] ?? ""]
}
