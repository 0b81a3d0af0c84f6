/** The turns of a talk as ticks, round by round: done, now, ahead; a dot where a person spoke. Pure. */

import { isByModel, isOpen, type Message, type RunView } from "@/lib/protocol"

export type Tick = { kind: "done" | "now" | "ahead"; modelId: string } | { kind: "person"; name: string }

export function ticksOf(run: RunView, messages: readonly Message[]): Tick[][] {
  const said = messages.filter((message) => message.seq > run.prompt_seq).sort((a, b) => a.seq - b.seq || a.variant - b.variant)
  const rounds: Tick[][] = [[]]
  const places = new Set<number>()
  let turns = 0
  for (const message of said) {
    if (isByModel(message)) {
      if (message.run_id !== run.id || places.has(message.seq)) continue
      places.add(message.seq)
      roundFor(rounds, turns, run).push({ kind: isOpen(message) ? "now" : "done", modelId: message.author.id })
      turns += 1
    } else if (message.author.kind === "person" && turns < run.turns_total) {
      ;(rounds.at(-1) ?? []).push({ kind: "person", name: message.author.name })
    }
  }
  for (; turns < run.turns_total; turns++) {
    const modelId = run.models[turns % Math.max(1, run.models.length)] ?? ""
    roundFor(rounds, turns, run).push({ kind: "ahead", modelId })
  }
  return rounds
}

/** The round a turn belongs to; the ones before it are there already. */
function roundFor(rounds: Tick[][], turn: number, run: RunView): Tick[] {
  const index = Math.floor(turn / Math.max(1, run.models.length))
  while (rounds.length <= index) rounds.push([])
  return rounds[index] ?? []
}
