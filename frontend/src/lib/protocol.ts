/**
 * The wire's types, and the little that everybody asks of them. The types themselves are generated
 * (`protocol.gen.ts`); an optional field that is absent has its default, and the readers here give it.
 */

import type { Message } from "@/lib/protocol.gen"

export type * from "@/lib/protocol.gen"
export { MAX_BODY_BYTES, PROTOCOL_VERSION } from "@/lib/protocol.gen"

export type Visibility = "isolated" | "selected" | "shared"
export type Mode = "ask" | "talk" | "debate"

/** Is the answer still to come, or being written? */
export function isOpen(message: Message): boolean {
  return message.state === "queued" || message.state === "waiting" || message.state === "streaming"
}

export function isByModel(message: Message): boolean {
  return message.author.kind === "model"
}

export function isDeleted(message: Message): boolean {
  return message.state === "deleted"
}

export function laneOf(message: Message): number {
  return message.lane ?? 0
}

export function revisionOf(message: Message): number {
  return message.revision ?? 1
}

/** The models a question asked; none when it only said something to people. */
export function askedOf(message: Message): readonly string[] {
  return message.meta.asked ?? []
}

export function runKindOf(message: Message): string {
  return message.meta.run_kind ?? ""
}

/** The slot, 1 to 8; 9 (stone, with a letter for a glyph) for whoever has none of its own. */
export function slotOf(slot: number | undefined): number {
  return slot && slot >= 1 && slot <= 8 ? slot : 9
}
