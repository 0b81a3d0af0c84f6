/** Figures, times and lists as the product says them. `now` is a parameter so that tests can say when it is. */

const LOCALE = "en-GB"
const DAY = 86_400_000

const clock = new Intl.DateTimeFormat(LOCALE, { hour: "2-digit", minute: "2-digit" })
const dayMonth = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "long" })
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "long" })

function dayNumber(at: Date): number {
  return Math.round(new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime() / DAY)
}

/** 14:32 */
export function time(at: string | Date): string {
  return clock.format(new Date(at))
}

/** Today, Yesterday, Thursday 19 November; with the year when it is not this one. */
export function day(at: string | Date, now = new Date()): string {
  const date = new Date(at)
  const ago = dayNumber(now) - dayNumber(date)
  if (ago === 0) return "Today"
  if (ago === 1) return "Yesterday"
  return weekdayDate(date, now)
}

/** Thursday 19 November */
export function weekdayDate(at: string | Date, now = new Date()): string {
  return `${weekday.format(new Date(at))} ${date(at, now)}`
}

/** 19 November, or 19 November 2024 */
export function date(at: string | Date, now = new Date()): string {
  const when = new Date(at)
  const year = when.getFullYear() === now.getFullYear() ? "" : ` ${when.getFullYear()}`
  return dayMonth.format(when) + year
}

/** now; today, 08:12; yesterday, 17:20; Tuesday; 14 November: the shortest that says when. */
export function when(at: string | Date, now = new Date()): string {
  const moment = new Date(at)
  const ago = dayNumber(now) - dayNumber(moment)
  if (Math.abs(now.getTime() - moment.getTime()) < 60_000) return "now"
  if (ago === 0) return `today, ${time(moment)}`
  if (ago === 1) return `yesterday, ${time(moment)}`
  if (ago === -1) return `tomorrow, ${time(moment)}`
  if (ago > 1 && ago < 7) return weekday.format(moment)
  return date(moment, now)
}

/** How long until then: 7 days, tomorrow 09:00, today 17:00 */
export function until(at: string | Date, now = new Date()): string {
  const moment = new Date(at)
  const ahead = dayNumber(moment) - dayNumber(now)
  if (moment <= now) return "ended"
  if (ahead === 0) return `ends today ${time(moment)}`
  if (ahead === 1) return `ends tomorrow ${time(moment)}`
  return `${ahead} days`
}

export type Age = "Today" | "This week" | "Earlier"

/** In which group of the thread list something of this moment stands. */
export function age(at: string | Date, now = new Date()): Age {
  const ago = dayNumber(now) - dayNumber(new Date(at))
  if (ago <= 0) return "Today"
  return ago < 7 ? "This week" : "Earlier"
}

const WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

/** three, 14: small numbers are words in a sentence. */
export function inWords(count: number): string {
  return WORDS[count] ?? String(count)
}

/** one thread, three threads, 14 threads */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${inWords(count)} ${count === 1 ? one : many}`
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Bob; Bob and Carol; Bob, Carol and Dilan */
export function list(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? ""
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`
}

/** $0.018, $1.40, free; null when no price is known. */
export function money(usd: number | null | undefined): string | null {
  if (usd == null) return null
  if (usd === 0) return "free"
  if (usd < 0.001) return "under $0.001"
  return `$${usd.toFixed(usd < 0.1 ? 3 : 2)}`
}

/** 1.25 / 10.00: dollars for a million tokens in and out. */
export function prices(priceIn: number | null, priceOut: number | null): string {
  if (priceIn == null || priceOut == null) return ""
  return priceIn === 0 && priceOut === 0 ? "free" : `${priceIn.toFixed(2)} / ${priceOut.toFixed(2)}`
}

/** 8k, 128k, 1M: how much a model reads. */
export function size(tokens: number | null | undefined): string {
  if (!tokens) return ""
  return tokens >= 1_000_000 ? `${+(tokens / 1_000_000).toFixed(1)}M` : `${Math.floor(tokens / 1000)}k`
}

/** 0.62 s, 9.4 s, 1:12 */
export function seconds(ms: number): string {
  const s = ms / 1000
  if (s < 1) return `${s.toFixed(2)} s`
  if (s < 60) return `${s.toFixed(1)} s`
  return `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`
}

/** The letter or letters that stand for a person. */
export function initial(name: string): string {
  return capital(Array.from(name.trim())[0] ?? "?")
}
