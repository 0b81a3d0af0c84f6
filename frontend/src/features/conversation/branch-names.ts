import { plain } from "@/lib/markdown/safe"
import type { Message } from "@/lib/protocol"

const WORDS = 4
const LONGEST = 40

/** Suggest a branch's name from the first words of what it goes on from. */
export function branchName(message: Pick<Message, "body">): string {
  return nameFrom(message.body) || "branch"
}

export function nameFrom(text: string): string {
  const words = plain(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s'’-]/gu, " ")
    .trim()
    .split(/\s+/)
  return words.slice(0, WORDS).join(" ").slice(0, LONGEST).trim()
}
