/** Values for tests and stories: a room, its people, messages and turns. */

import { countCodePoints } from "@/lib/code-points"
import type { BranchView, ChoiceView, Events, AnyEvent, Joined, LiveTurn, Message, PersonView, RunView, Snapshot, ThreadView } from "@/lib/protocol"

export const THREAD = "00000000-0000-4000-8000-000000000001"
export const MAIN = "00000000-0000-4000-8000-0000000000b1"
export const PROJECT = "00000000-0000-4000-8000-0000000000a1"
const AT = "2025-11-21T14:32:00Z"

export const alice: PersonView = { id: "alice", name: "Alice" }
export const bob: PersonView = { id: "bob", name: "Bob" }
export const carol: PersonView = { id: "carol", name: "Carol" }

export function thread(change: Partial<ThreadView> = {}): ThreadView {
  return {
    id: THREAD,
    project_id: PROJECT,
    title: "Double bookings on the last seat",
    main_branch_id: MAIN,
    head_seq: 0,
    is_private: false,
    visibility: "isolated",
    line_up: ["m:1", "m:2", "m:3"],
    created_by: "Alice",
    created_at: AT,
    active_at: AT,
    archived_at: null,
    parent_id: null,
    parent_message_id: null,
    ...change,
  }
}

export function branch(change: Partial<BranchView> = {}): BranchView {
  return {
    id: MAIN,
    thread_id: THREAD,
    name: "main",
    parent_id: null,
    fork_seq: 0,
    fork_variant: 0,
    head_seq: 0,
    created_by: "Alice",
    created_at: AT,
    is_main: true,
    archived_at: null,
    ...change,
  }
}

/** A person's message. */
export function said(seq: number, body: string, change: Partial<Message> = {}): Message {
  return {
    id: `message-${seq}-${change.variant ?? 0}`,
    thread_id: THREAD,
    branch_id: MAIN,
    seq,
    variant: 0,
    author: { kind: "person", id: alice.id, name: alice.name },
    body,
    state: "complete",
    created_at: AT,
    meta: {},
    ...change,
  }
}

/** A model's answer at a place; complete unless told otherwise. */
export function answer(seq: number, variant: number, body: string, change: Partial<Message> = {}): Message {
  const slot = (variant % 8) + 1
  return said(seq, body, {
    variant,
    lane: variant,
    author: { kind: "model", id: `m:${slot}`, name: `Model ${slot}`, slot },
    run_id: `run-${seq}`,
    turn_id: `turn-${seq}-${variant}`,
    reply_to: seq - 1,
    meta: { model_id: `m:${slot}`, run_kind: "fan_out", tokens_out: 412, cost_usd: 0.018, first_token_ms: 620, duration_ms: 6420 },
    ...change,
  })
}

export function question(seq: number, body: string, asked: readonly string[], change: Partial<Message> = {}): Message {
  return said(seq, body, { run_id: `run-${seq + 1}`, meta: { run_kind: "fan_out", asked: [...asked], visibility: "isolated" }, ...change })
}

export function run(change: Partial<RunView> = {}): RunView {
  return {
    id: "run-2",
    thread_id: THREAD,
    branch_id: MAIN,
    kind: "fan_out",
    state: "running",
    prompt_seq: 1,
    asked_by: "Alice",
    models: ["m:1", "m:2"],
    rounds: 1,
    round: 1,
    turns_done: 0,
    turns_total: 2,
    next_model_id: null,
    stop_reason: "",
    reason: "",
    cost_usd: 0,
    started_at: AT,
    ended_at: null,
    ...change,
  }
}

export function snapshot(change: Partial<Snapshot> = {}): Snapshot {
  return { thread: thread(), branch: branch(), messages: [], has_more: false, live: [], runs: [], choices: [], present: [], ...change }
}

export function joined(change: Partial<Joined> = {}): Joined {
  return { type: "joined", re: "1", thread_id: THREAD, epoch: "e1", offset: 0, recovered: false, snapshot: snapshot(), ...change }
}

export function live(message: Message, change: Partial<LiveTurn> = {}): LiveTurn {
  return { message, attempt: 1, at: countCodePoints(message.body), position: 0, limit: 0, retry_at: null, reasoning_at: 0, ...change }
}

export function events(first: number, list: AnyEvent[], last = first + list.length - 1): Events {
  return { type: "events", thread_id: THREAD, epoch: "e1", first, last, events: list }
}

export function choice(change: Partial<ChoiceView> = {}): ChoiceView {
  return { branch_id: MAIN, seq: 2, lane: 0, variant: 0, is_own: false, ...change }
}
