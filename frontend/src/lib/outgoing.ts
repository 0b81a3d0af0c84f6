/**
 * What this person said and the server has not acknowledged: kept on this machine, so that a reload, a closed
 * laptop or a line that is down loses nothing. The `client_id` makes sending it again harmless.
 */

import type { Mode, Visibility } from "@/lib/protocol"
import { atNextFrame } from "@/lib/schedule"
import { makeStore, recall, remember, useStore } from "@/lib/store"

export interface Outgoing {
  client_id: string
  /** Who wrote it: never sent in another person's name. */
  user_id: string
  thread_id: string
  branch_id: string
  body: string
  mode: Mode
  models: string[] | null
  visibility: Visibility | null
  rounds: number
  reply_to: number | null
  written_at: string
  /** The place it was written after; it stands there until it is sent. */
  after_seq: number
  /** sending: on its way, or waiting for the line. refused: not sent, for the person to decide. */
  state: "sending" | "refused"
  reason: string
  /** Acknowledged; its own event has not come yet. */
  seq: number | null
}

const NAME = "outgoing"
/** The server knows a `client_id` for this long; later, sending it again could say it twice. */
const KNOWN_MS = 24 * 3600_000

function load(): Outgoing[] {
  try {
    const kept: unknown = JSON.parse(recall(NAME) ?? "[]")
    if (!Array.isArray(kept)) return []
    return (kept as Outgoing[]).map((one) =>
      one.state === "sending" && Date.now() - Date.parse(one.written_at) > KNOWN_MS ? { ...one, state: "refused", reason: "" } : one,
    )
  } catch {
    return [] // Not ours, or cut off while it was written: nothing of it can be trusted.
  }
}

const outgoing = makeStore<readonly Outgoing[]>(load())
/** What this tab has seen acknowledged, or taken back: nothing that is still kept of these is another tab's. */
const done = new Set<string>()
outgoing.watch(() => {
  const ours = outgoing.get()
  const known = new Set([...ours.map((one) => one.client_id), ...done])
  const others = load().filter((one) => !known.has(one.client_id))
  const kept = [...others, ...ours.filter((one) => one.seq === null)]
  remember(NAME, kept.length ? JSON.stringify(kept) : null)
})

export const getOutgoing = outgoing.get
export const watchOutgoing = outgoing.watch

export function addOutgoing(one: Outgoing): void {
  outgoing.set((all) => [...all.filter((other) => other.client_id !== one.client_id), one])
}

export function changeOutgoing(clientId: string, change: Partial<Outgoing>): void {
  outgoing.set((all) => all.map((one) => (one.client_id === clientId ? { ...one, ...change } : one)))
}

export function removeOutgoing(clientId: string): void {
  done.add(clientId)
  outgoing.set((all) => (all.some((one) => one.client_id === clientId) ? all.filter((one) => one.client_id !== clientId) : all))
}

/** Its own message is in the room: it goes in the frame that draws that one, so that the words never leave the page. */
export function removeOutgoingWhenDrawn(clientId: string): void {
  atNextFrame(() => removeOutgoing(clientId))
}

export function useOutgoing(): readonly Outgoing[] {
  return useStore(outgoing)
}
