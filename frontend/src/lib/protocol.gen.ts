// Made by `python manage.py export_schema` from the server's own types. Do not edit.
// An optional field that is absent has the default named beside it.

export const PROTOCOL_VERSION = 1
export const MAX_FRAME_BYTES = 1048576
export const MAX_BODY_BYTES = 262144

export interface Ack {
  type: "ack"
  re: string
  seq?: number | null // null
  message_id?: string | null // null
  run_id?: string | null // null
  is_duplicate?: boolean // false
}

/** Where the new answer comes. */
export interface Again {
  turn_id: string
  message_id: string
  run_id: string
  seq: number
  variant: number
}

/** Without a model: the same one. */
export interface AgainIn {
  model_id?: string | null
}

/** An earlier try of the same turn, whose words somebody may have read. */
export interface Attempt {
  attempt: number
  text: string
  reason: string
  ended_at: string
}

export interface AuditPage {
  items: AuditView[]
  next_cursor: string | null
}

/** Who did what to what. `action` is noun.happened, as events are. */
export interface AuditView {
  at: string
  actor: string
  action: string
  subject: string
  data: Record<string, boolean | number | string>
}

/** Who wrote it, as it stood then: a later rename or removal does not reach back. */
export interface Author {
  kind: "model" | "person" | "system"
  id: string
  name: string
  slot?: number // 0
}

/** The top offset of each joined room, so that a lost last event is noticed. */
export interface Beat {
  type: "heartbeat"
  offsets: Record<string, number>
}

export interface BranchChange {
  name?: string | null
  is_archived?: boolean | null
}

export interface BranchChanged {
  type: "branch.changed"
  branch: BranchView
}

export interface BranchCreated {
  type: "branch.created"
  branch: BranchView
}

export interface BranchIn {
  name: string
  from_branch_id: string
  seq: number
  variant?: number // 0
}

export interface BranchView {
  id: string
  thread_id: string
  name: string
  parent_id: string | null
  fork_seq: number
  fork_variant: number
  head_seq: number
  created_by: string
  created_at: string
  is_main: boolean
  archived_at: string | null
}

/** Stop one turn, or a whole run. What was said stays. */
export interface Cancel {
  type: "cancel"
  id: string
  turn_id?: string | null // null
  run_id?: string | null // null
}

/** The room's choice; a person's own is never announced. `by` is empty when it is told again by somebody else. */
export interface ChoiceChanged {
  type: "choice.changed"
  choice: ChoiceView
  by: string
}

/** `lane` -1 is the whole place. `for` the room, or for me alone. */
export interface ChoiceIn {
  branch_id: string
  seq: number
  lane?: number // -1
  variant: number
  for: "room" | "me"
}

/** Which variant stands for a lane, or for the whole place. */
export interface ChoiceView {
  branch_id: string
  seq: number
  lane: number
  variant: number
  is_own: boolean
}

export interface CodeIn {
  code: string
}

/** A reader's whole position in a room's stream. */
export interface Cursor {
  epoch: string
  offset: number
}

/** `revision` is the one the editor saw; another one in the meantime is a conflict. */
export interface Edit {
  type: "edit"
  id: string
  message_id: string
  body: string
  revision: number
}

/** A refusal. `re` is null when the command could not be read. */
export interface ErrorFrame {
  type: "error"
  re: string | null
  code: string
  message: string
  retryable?: boolean // false
  retry_after_s?: number | null // null
}

/**
 * The events with offsets `first` to `last`, in order. Deltas of one turn may have been merged,
 * so there may be fewer of them. `first` must be your offset + 1, else resync.
 */
export interface Events {
  type: "events"
  thread_id: string
  epoch: string
  first: number
  last: number
  events: AnyEvent[]
}

/** Before closing. `reconnect` false: sign in again, or do not come back. */
export interface Goodbye {
  type: "goodbye"
  code: string
  reconnect: boolean
  after_ms?: number // 0
}

export interface Heartbeat {
  type: "heartbeat"
}

export interface Hello {
  type: "hello"
  connection_id: string
  protocol: number
  heartbeat_s: number
  user: PersonView
  version: string
  limits: Limits
}

export interface InviteIn {
  role: "admin" | "member" | "viewer"
  note?: string // ""
  days?: 1 | 7 | 30 // 7
  max_uses?: number // 1
}

/** What the holder of a link is told before joining; `reason` says why an ended one ended. */
export interface InvitePreview {
  state: string
  reason: string
  project_name: string
  project_about: string
  invited_by: string
  role: string
  expires_at: string
  member_count: number
  is_member: boolean
  project_id: string | null
}

/** `state`: open, expired, used_up or revoked. `link` only in the answer that made it. */
export interface InviteView {
  id: string
  role: string
  note: string
  created_by: string
  created_at: string
  expires_at: string
  max_uses: number
  used_count: number
  state: string
  link: string | null
}

/** Hear a room. With a cursor: what was missed, if the stream still has it; else a snapshot. */
export interface Join {
  type: "join"
  id: string
  thread_id: string
  branch_id?: string | null // null
  cursor?: Cursor | null // null
}

/** `recovered`: the events after your cursor follow. Otherwise: the snapshot replaces all you had. */
export interface Joined {
  type: "joined"
  re: string
  thread_id: string
  epoch: string
  offset: number
  recovered: boolean
  snapshot?: Snapshot | null // null
}

export interface Leave {
  type: "leave"
  thread_id: string
}

export interface Limits {
  max_frame_bytes: number
  max_body_bytes: number
  max_models: number
  max_rounds: number
}

export interface LineUpIn {
  models: string[]
}

/** A turn that is going on, with its words so far: the message's body holds them. */
export interface LiveTurn {
  message: Message
  attempt: number
  at: number
  position: number
  limit: number
  retry_at: string | null
  reasoning_at: number
}

export interface MeIn {
  name?: string | null
  preferences?: Record<string, boolean | number | string> | null
}

/** The signed-in person, for themself only. */
export interface MeView {
  id: string
  name: string
  email: string
  is_staff: boolean
  preferences: Record<string, boolean | number | string>
}

/** Somebody's role or presence in the project changed; load the member list again. */
export interface MemberChanged {
  type: "member.changed"
  user_id: string
}

export interface MemberView {
  user_id: string
  name: string
  role: string
  joined_at: string
}

/**
 * One entry at one place of a branch.
 *
 * `(branch_id, seq, variant)` is its address and never changes. Several answers to one question
 * share `seq`; answers of the same column share `lane`.
 */
export interface Message {
  id: string
  thread_id: string
  branch_id: string
  seq: number
  variant: number
  author: Author
  body: string
  state: "cancelled" | "complete" | "deleted" | "failed" | "interrupted" | "queued" | "streaming" | "waiting"
  created_at: string
  lane?: number // 0
  revision?: number // 1
  client_id?: string | null // null
  reply_to?: number | null // null
  run_id?: string | null // null
  turn_id?: string | null // null
  meta: Meta
  edited_at?: string | null // null
}

/** `revision` is the one the editor saw; another one in the meantime is a conflict. */
export interface MessageChange {
  body: string
  revision: number
}

/** A message, or the empty place of an answer to come (state queued, with a turn_id). */
export interface MessageCreated {
  type: "message.created"
  message: Message
}

/** The message without its words; it keeps its place. */
export interface MessageDeleted {
  type: "message.deleted"
  message: Message
  by: string
}

/** The whole message anew; also after a deleted one was restored. */
export interface MessageEdited {
  type: "message.edited"
  message: Message
}

/** `models` null: those named with "@" in the text, else the thread's line-up. `rounds`: of a debate. */
export interface MessageIn {
  body: string
  branch_id?: string | null
  mode?: "ask" | "talk" | "debate" // "ask"
  models?: string[] | null
  visibility?: "isolated" | "selected" | "shared" | null
  rounds?: number // 2
  reply_to?: number | null
}

/**
 * Places of a branch with all their variants, oldest first.
 *
 * `has_more`: further places exist on the side that was asked for. `choices` are the room's and
 * the asker's own, of these places.
 */
export interface MessagesPage {
  messages: Message[]
  has_more: boolean
  choices: ChoiceView[]
}

/** What is known of a model's answer. Times in milliseconds, cost in US dollars. */
export interface Meta {
  model_id?: string // ""
  provider?: string // ""
  attempt?: number // 0
  tokens_in?: number | null // null
  tokens_out?: number | null // null
  tokens_cached?: number | null // null
  is_estimate?: boolean // false
  cost_usd?: number | null // null
  first_token_ms?: number | null // null
  duration_ms?: number | null // null
  finish_reason?: string // ""
  reasoning?: string // ""
  error?: TurnError | null // null
  stopped_by?: string // ""
  deleted_by?: string // ""
  earlier_attempts?: Attempt[] // []
  text_sha256?: string // ""
  run_kind?: string // ""
  asked?: string[] // []
  visibility?: string // ""
  round?: number // 0
}

/**
 * A model as one project sees it. `slot` is 0 until its first use there; prices are US dollars per million
 * tokens, null where none is known.
 */
export interface ModelView {
  model_id: string
  name: string
  provider: string
  provider_name: string
  where: "remote" | "scripted" | "this server"
  note: string
  is_demo: boolean
  slot: number
  context_tokens: number
  price_in: number | null
  price_out: number | null
  is_offered: boolean
  state: "at_limit" | "key_refused" | "ok" | "unreachable"
  state_note: string
  state_since: string | null
}

/** The project's models changed; load them again. */
export interface ModelsChanged {
  type: "models.changed"
}

/** You are named in messages of a thread that you have not read: how many, and the last one's writer and place. */
export interface NamedView {
  count: number
  by: string
  branch_id: string
  seq: number
}

export interface News {
  type: "news"
  project_id: string | null
  item: AnyNews
}

export interface OfferIn {
  model_id: string
  is_offered: boolean
}

export interface PeopleIn {
  user_ids: string[]
}

export interface PersonIn {
  user_id: string
}

/** You were named in a message. `named`: how often now in what you have not read of the thread. */
export interface PersonNamed {
  type: "person.named"
  thread_id: string
  message_id: string
  by: string
  named: NamedView
}

export interface PersonView {
  id: string
  name: string
}

/** Somebody's first tab came or last tab went. */
export interface PresenceChanged {
  type: "presence.changed"
  person: PersonView
  is_here: boolean
}

/** Why something was refused: `code` for programs, `detail` for people. What may be tried again has `retry_after_s`. */
export interface Problem {
  type: string
  title: string
  status: number
  code: string
  detail: string
  retry_after_s?: number | null // null
}

export interface ProjectChange {
  name?: string | null
  about?: string | null
  is_archived?: boolean | null
}

export interface ProjectIn {
  name: string
  about?: string // ""
}

/** A project as one person sees it. `permissions` are the names of `projects/roles.py` that hold. */
export interface ProjectView {
  id: string
  name: string
  about: string
  role: string
  permissions: string[]
  created_at: string
  archived_at: string | null
  deleted_at: string | null
  has_news: boolean
}

/** Your projects, or your role in one, changed; load them again. */
export interface ProjectsChanged {
  type: "projects.changed"
  project_id: string
}

export interface PromptPart {
  role: string
  content: string
  sources: string[]
}

/** What a model was given. `is_exact` is false when a message or the model's persona is gone since. */
export interface PromptView {
  model_id: string
  model_name: string
  messages: PromptPart[]
  is_exact: boolean
  left_out: number
}

/** What is left out stays. An empty key takes the key away. */
export interface ProviderChange {
  name?: string | null
  base_url?: string | null
  key?: string | null
  concurrency?: number | null
}

/** `key` may be left out where the provider needs none. */
export interface ProviderIn {
  name: string
  base_url: string
  key?: string // ""
  concurrency?: number // 4
}

/**
 * A provider, for who looks after this server. A key is never part of it.
 *
 * `id` is null for those of the environment and the built-in ones, which are not changed here.
 */
export interface ProviderView {
  id: string | null
  slug: string
  name: string
  base_url: string
  has_key: boolean
  key_note: string
  is_editable: boolean
  concurrency: number
  model_count: number
  state: "at_limit" | "key_refused" | "ok" | "unreachable"
  state_note: string
  state_since: string | null
}

/** `is_back`: mark as unread from there on; without it a mark only rises. */
export interface ReadIn {
  branch_id: string
  seq: number
  is_back?: boolean // false
}

/** You fell too far behind: join again without a cursor. */
export interface Resync {
  type: "resync"
  thread_id: string
  reason: string
}

/** A superseded text of a message, and who superseded it when. */
export interface Revision {
  revision: number
  body: string
  state: "cancelled" | "complete" | "deleted" | "failed" | "interrupted" | "queued" | "streaming" | "waiting"
  editor_name: string
  edited_at: string
}

/** You may no longer hear this room; nothing of it follows. Drop what you show of it. */
export interface Revoked {
  type: "revoked"
  thread_id: string
}

export interface RoleIn {
  role: "admin" | "member" | "viewer"
}

export interface RunChanged {
  type: "run.changed"
  run: RunView
}

/** One request to models. `reason` is one sentence for people once it ended. */
export interface RunView {
  id: string
  thread_id: string
  branch_id: string
  kind: "fan_out" | "in_turn" | "reply"
  state: "cancelled" | "done" | "failed" | "running" | "stopping"
  prompt_seq: number
  asked_by: string
  models: string[]
  rounds: number
  round: number
  turns_done: number
  turns_total: number
  next_model_id: string | null
  stop_reason: string
  reason: string
  cost_usd: number | null
  started_at: string
  ended_at: string | null
}

/**
 * Say something, and ask models or let them speak in turn.
 *
 * The same `client_id` sent again, from any tab and by HTTP too, is answered with the same `seq`.
 */
export interface Send {
  type: "send"
  id: string
  client_id: string
  thread_id: string
  body: string
  branch_id?: string | null // null
  mode?: "ask" | "debate" | "talk" // "ask"
  models?: string[] | null // null
  visibility?: "isolated" | "selected" | "shared" | null // null
  rounds?: number // 2
  reply_to?: number | null // null
}

/** An accepted message. A duplicate is answered as the first one was. */
export interface Sent {
  seq: number
  message_id: string
  run_id: string | null
  is_duplicate: boolean
}

/** What a stranger may know before signing in; `me` is who asks, if they are signed in. */
export interface ServerView {
  name: string
  version: string
  has_people: boolean
  is_sign_up_open: boolean
  me: MeView | null
}

/**
 * A room at one moment: everything a newcomer needs.
 *
 * `messages` are the last places of the branch, oldest first, without the answers that are being
 * written: those are in `live`, of every branch of the thread.
 */
export interface Snapshot {
  thread: ThreadView
  branch: BranchView
  messages: Message[]
  has_more: boolean
  live: LiveTurn[]
  runs: RunView[]
  choices: ChoiceView[]
  present: PersonView[]
}

/** Something was said, or models began or ceased to write: `live_slots` are those writing now. */
export interface ThreadActive {
  type: "thread.active"
  thread_id: string
  head_seq: number
  active_at: string
  live_slots: number[]
}

export interface ThreadChange {
  title?: string | null
  visibility?: "isolated" | "selected" | "shared" | null
  is_archived?: boolean | null
}

export interface ThreadChanged {
  type: "thread.changed"
  thread: ThreadView
}

/** A thread with what its room needs at opening. `people` only of a private thread. */
export interface ThreadDetail {
  thread: ThreadView
  branches: BranchView[]
  people: PersonView[]
  read_seq: number
  read_at: string | null
  can_write: boolean
  can_manage: boolean
}

/** You may no longer see this thread. */
export interface ThreadGone {
  type: "thread.gone"
  thread_id: string
}

/** `parent_*`: start it from that message; branch, place and variant are the message's address. */
export interface ThreadIn {
  title?: string // ""
  is_private?: boolean // false
  people?: string[] // []
  line_up?: string[] | null
  parent_message_id?: string | null
  parent_branch_id?: string | null
  parent_seq?: number | null
  parent_variant?: number // 0
}

/** A thread is new or its row changed. */
export interface ThreadListed {
  type: "thread.listed"
  thread: ThreadView
}

export interface ThreadPage {
  items: ThreadRow[]
  next_cursor: string | null
}

/**
 * How far you have read this branch, in this tab or another. `named`: what of the thread still names you; a message
 * that did may have been deleted, or restored.
 */
export interface ThreadRead {
  type: "thread.read"
  thread_id: string
  branch_id: string
  seq: number
  named: NamedView | null
}

/** A thread in one person's list: `unread` counts the main branch's places after the read mark, `named` is of all. */
export interface ThreadRow {
  thread: ThreadView
  unread: number
  read_seq: number
  read_at: string | null
  named: NamedView | null
}

/** One row of the thread list, the same for everybody who may see it. */
export interface ThreadView {
  id: string
  project_id: string
  title: string
  main_branch_id: string
  head_seq: number
  is_private: boolean
  visibility: string
  line_up: string[]
  created_by: string
  created_at: string
  active_at: string
  archived_at: string | null
  parent_id: string | null
  parent_message_id: string | null
}

/** `n` code points of text that continue at `at`. `at` behind you: drop; ahead: resync. */
export interface TurnDelta {
  type: "turn.delta"
  turn_id: string
  attempt: number
  at: number
  n: number
  text: string
}

/** Why a turn has no complete answer. `message` is for people, `detail` is behind "Details". */
export interface TurnError {
  kind: "auth" | "bad_response" | "context_too_long" | "gone" | "overloaded" | "rate_limit" | "refused" | "timeout" | "unreachable"
  message: string
  retryable?: boolean // false
  detail?: string // ""
  status?: number // 0
}

/** Final. The body is what the deltas said: `length` code points, checked by `meta.text_sha256`. */
export interface TurnFinished {
  type: "turn.finished"
  turn_id: string
  message_id: string
  attempt: number
  state: "cancelled" | "complete" | "deleted" | "failed" | "interrupted" | "queued" | "streaming" | "waiting"
  length: number
  meta: Meta
}

/** As a delta, of what the model thinks before it answers. */
export interface TurnReasoning {
  type: "turn.reasoning"
  turn_id: string
  attempt: number
  at: number
  n: number
  text: string
}

/** The words so far were cut off; `attempt` begins again from nothing. `earlier` keeps them. */
export interface TurnReset {
  type: "turn.reset"
  turn_id: string
  attempt: number
  earlier: Attempt
}

/** The provider has been asked. `attempt` counts from 1. */
export interface TurnStarted {
  type: "turn.started"
  turn_id: string
  message_id: string
  attempt: number
  started_at: string
}

/** Not yet, and why: in the provider's queue, or a refusal that is tried again by itself. */
export interface TurnWaiting {
  type: "turn.waiting"
  turn_id: string
  attempt: number
  why: "queue" | "retry"
  position?: number // 0
  limit?: number // 0
  retry_at?: string | null // null
  error?: TurnError | null // null
}

export interface TypedName {
  name: string
}

/** Repeat every three seconds while typing; it passes by itself after five. */
export interface Typing {
  type: "typing"
  thread_id: string
}

/** Somebody types; forget it after `for_ms` without another. */
export interface TypingNow {
  type: "typing"
  person: PersonView
  for_ms: number
}

export interface Unwatch {
  type: "unwatch"
  project_id: string
}

/** Hear news of a project's threads. News is a hint: after a reconnect, load the list again. */
export interface Watch {
  type: "watch"
  id: string
  project_id: string
}

export type AnyCommand =
  | Cancel
  | Edit
  | Heartbeat
  | Join
  | Leave
  | Send
  | Typing
  | Unwatch
  | Watch

export type AnyEvent =
  | BranchChanged
  | BranchCreated
  | ChoiceChanged
  | MemberChanged
  | MessageCreated
  | MessageDeleted
  | MessageEdited
  | PresenceChanged
  | RunChanged
  | ThreadChanged
  | TurnDelta
  | TurnFinished
  | TurnReasoning
  | TurnReset
  | TurnStarted
  | TurnWaiting
  | TypingNow

export type AnyNews =
  | ModelsChanged
  | PersonNamed
  | ProjectsChanged
  | ThreadActive
  | ThreadGone
  | ThreadListed
  | ThreadRead

export type AnyFrame =
  | Ack
  | Beat
  | ErrorFrame
  | Events
  | Goodbye
  | Hello
  | Joined
  | News
  | Resync
  | Revoked
