import { colour } from "@/lib/markdown/highlight"

/** Code in its three inks: key words, strings and numbers, comments. Loaded when the first code is whole. */
export default function Coloured({ text, lang }: { text: string; lang: string }) {
  return colour(text, lang).map(([kind, words], index) => (kind ? <span key={index} className={kind}>{words}</span> : words))
}
