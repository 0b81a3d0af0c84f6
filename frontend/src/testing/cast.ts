/** The cast of the tests: Alice owns Ferryline, Bob is a member; a few threads, two models. */

import type { MemberView, MeView, ProjectView, ThreadDetail, ThreadRow, ThreadView } from "@/lib/protocol.gen"
import type { ModelView } from "@/lib/types"

export const alice: MeView = { id: "alice", name: "Alice", email: "alice@ferryline.example", is_staff: true, preferences: {} }

export const ferryline: ProjectView = {
  id: "ferryline",
  name: "Ferryline",
  about: "Boats and seats.",
  role: "owner",
  permissions: ["read", "write", "manage_threads", "manage_people", "manage_models", "manage_project", "hand_on"],
  created_at: "2026-10-01T08:00:00Z",
  archived_at: null,
  deleted_at: null,
  has_news: false,
}

export const members: MemberView[] = [
  { user_id: "alice", name: "Alice", role: "owner", joined_at: "2026-10-01T08:00:00Z" },
  { user_id: "bob", name: "Bob", role: "member", joined_at: "2026-10-02T08:00:00Z" },
]

export const models: ModelView[] = [
  { model_id: "scripted:one", name: "One", provider: "scripted", provider_name: "Built in", where: "this server", note: "", is_demo: true, slot: 1, context_tokens: 8000, price_in: 0, price_out: 0, is_offered: true, state: "ok", state_note: "", state_since: null },
]

export function thread(id: string, change: Partial<ThreadView> = {}): ThreadView {
  return {
    id,
    project_id: "ferryline",
    title: id,
    main_branch_id: `${id}-main`,
    head_seq: 5,
    is_private: false,
    visibility: "isolated",
    line_up: ["scripted:one"],
    created_by: "Alice",
    created_at: "2026-11-01T08:00:00Z",
    active_at: "2026-11-21T08:00:00Z",
    archived_at: null,
    parent_id: null,
    parent_message_id: null,
    ...change,
  }
}

export function row(id: string, change: Partial<ThreadView> = {}, unread = 0): ThreadRow {
  const view = thread(id, change)
  return { thread: view, unread, read_seq: view.head_seq - unread, read_at: null, named: null }
}

export function detail(view: ThreadView): ThreadDetail {
  return { thread: view, branches: [], people: [], read_seq: view.head_seq, read_at: null, can_write: true, can_manage: true }
}
