/**
 * What a model or a person wrote is never trusted: which addresses may be links, and which characters could hide
 * what is really there. Everything else is safe by construction, since text becomes text nodes and never HTML.
 */

const ALLOWED = new Set(["http:", "https:", "mailto:"])
const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
  hellip: "…",
  mdash: "—",
  ndash: "–",
  copy: "©",
  rarr: "→",
  larr: "←",
  times: "×",
}

/** Turn the references markdown leaves in a text (`&amp;`, `&#39;`) into their characters. */
export function decode(text: string): string {
  if (!text.includes("&")) return text
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-zA-Z]{2,8}));/g, (whole, dec?: string, hex?: string, name?: string) => {
    if (name) return ENTITIES[name] ?? whole
    const point = dec ? Number(dec) : parseInt(hex ?? "0", 16)
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : "\ufffd"
  })
}

export interface SafeLink {
  href: string
  /** Where it really goes, to be shown: the host, or the mail address. */
  target: string
}

/** Give the address if it may be followed, with the place it really leads to; else null. */
export function safeLink(address: string): SafeLink | null {
  let url: URL
  try {
    url = new URL(decode(address).trim())
  } catch {
    return null // relative, or no address at all: nothing of ours may be linked from a message
  }
  if (!ALLOWED.has(url.protocol)) return null
  if (url.protocol === "mailto:") return { href: url.href, target: decodeURIComponentSafely(url.pathname) }
  // A name before the host ("https://bank.example@evil.example") only serves to deceive.
  url.username = ""
  url.password = ""
  return { href: url.href, target: url.host }
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Does the link's own text already say where it goes? Then it need not be said twice. */
export function saysTarget(text: string, link: SafeLink): boolean {
  const said = text.trim().toLowerCase()
  const bare = said.replace(/^(https?:\/\/|mailto:)/, "").replace(/^www\./, "")
  const target = link.target.toLowerCase().replace(/^www\./, "")
  return bare === target || bare.startsWith(`${target}/`) || bare.startsWith(`${target}?`) || bare.startsWith(`${target}#`)
}

// Orders that turn the reading direction round, tag letters that carry text nobody sees, and marks without width.
const TURNING = /[\u202a-\u202e\u2066-\u2069]/u
const HIDDEN = /(?<!\u{1f3f4}[\u{e0020}-\u{e007e}]*)[\u{e0000}-\u{e007f}]+/u
// eslint-disable-next-line no-control-regex -- control characters are what it is about
const NOTHING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u2060-\u2064\ufeff]/gu
const MARKED = new RegExp(`(${TURNING.source}|${HIDDEN.source})`, "gu")
const ANY = new RegExp(`${TURNING.source}|[\\u{e0000}-\\u{e007f}]|${NOTHING.source}`, "u")

export type Piece = string | { hidden: string }

/** Split a text where it hides something; what is hidden is named, so that it can be shown. */
export function reveal(text: string): Piece[] {
  if (!ANY.test(text)) return [text]
  return text
    .replace(NOTHING, "")
    .split(MARKED)
    .filter((piece) => piece !== "")
    .map((piece) => {
      if (TURNING.test(piece)) return { hidden: `U+${(piece.codePointAt(0) ?? 0).toString(16).toUpperCase()}` }
      if (/^[\u{e0000}-\u{e007f}]+$/u.test(piece)) return { hidden: Array.from(piece, tagLetter).join("") || "hidden" }
      return piece
    })
}

/** A tag letter repeats an ASCII one, out of sight. */
function tagLetter(tag: string): string {
  const point = (tag.codePointAt(0) ?? 0) - 0xe0000
  return point >= 0x20 && point < 0x7f ? String.fromCharCode(point) : ""
}

/** Give a text without what hides: for names, titles and everything that is one line. */
export function plain(text: string): string {
  return ANY.test(text) ? text.replace(NOTHING, "").replace(MARKED, "") : text
}
