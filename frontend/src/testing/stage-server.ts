/** A server for stories: scenes that are joined over a socket that is none, and answers to what a room asks. */

import type { AnyCommand, AnyEvent, AnyFrame, MemberView, MeView, Message, ProjectView, Snapshot, ThreadDetail } from "@/lib/protocol"
import type { ModelView } from "@/lib/types"
import { hello } from "@/testing/fake-socket"

export interface Scene {
  me: MeView
  project: ProjectView
  members: MemberView[]
  models: ModelView[]
  /** False: as before the models were loaded. */
  areModelsKnown?: boolean
  detail: ThreadDetail
  snapshot: Snapshot
  /** Said after the join, one frame each. */
  events: AnyEvent[]
  /** Older messages, oldest first, that pages are cut from. */
  older: Message[]
}

/** What was asked of the server that changes something: for tests. */
export const asked: { method: string; path: string; body: unknown }[] = []

const scenes = new Map<string, Scene>()
const EPOCH = "stage"

export function putScene(scene: Scene): void {
  scenes.set(scene.detail.thread.id, scene)
}

type Answer = ((frame: AnyFrame) => void) | null

class StageSocket extends EventTarget {
  static readonly OPEN = 1
  readyState = 1
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  constructor() {
    super()
    const first = [...scenes.values()][0]
    setTimeout(() => this.say({ ...hello, heartbeat_s: 86_400, user: { id: first?.me.id ?? "", name: first?.me.name ?? "" } }), 0)
  }

  send(data: string): void {
    answerCommand(JSON.parse(data) as AnyCommand, (frame) => this.say(frame))
  }

  close(): void {
    this.readyState = 3
  }

  private say(frame: AnyFrame): void {
    setTimeout(() => this.onmessage?.({ data: JSON.stringify(frame) }), 0)
  }
}

function answerCommand(command: AnyCommand, say: NonNullable<Answer>): void {
  if (command.type === "watch") say({ type: "ack", re: command.id })
  if (command.type !== "join") return
  const scene = scenes.get(command.thread_id)
  if (!scene) return say({ type: "error", re: command.id, code: "not_found", message: "There is nothing here for you." })
  say({ type: "joined", re: command.id, thread_id: command.thread_id, epoch: EPOCH, offset: 0, recovered: false, snapshot: scene.snapshot })
  scene.events.forEach((event, index) => say({ type: "events", thread_id: command.thread_id, epoch: EPOCH, first: index + 1, last: index + 1, events: [event] }))
}

function answerRequest(path: string, query: URLSearchParams): unknown {
  const first = [...scenes.values()][0]
  const threadId = /^\/threads\/([^/]+)/.exec(path)?.[1] ?? ""
  const scene = scenes.get(threadId) ?? first
  if (path === "/me") return scene?.me
  if (path === "/projects") return [scene?.project]
  if (path.endsWith("/models")) return scene?.models
  if (path.endsWith("/members")) return scene?.members
  if (path.endsWith("/messages")) return page(scene?.older ?? [], query)
  if (path.endsWith("/prompt")) return { model_id: "m:2", model_name: "Claude Sonnet 4.5", messages: [{ role: "system", content: "You are Claude Sonnet 4.5, in a room with Alice, Bob and Carol.", sources: [] }, { role: "user", content: "[Alice] Two people tap the last seat on the 17:40 in the same second.", sources: [] }] }
  if (/^\/threads\/[^/]+(\/line-up)?$/.test(path)) return scene?.detail
  if (path.includes("/threads")) return { items: [], next_cursor: null }
  return {}
}

const PAGE = 50

function page(older: readonly Message[], query: URLSearchParams): unknown {
  const before = Number(query.get("before") ?? Infinity)
  const fitting = older.filter((message) => message.seq < before)
  return { messages: fitting.slice(-PAGE), has_more: fitting.length > PAGE, choices: [] }
}

/** Put the stage in place of network and socket. */
export function openStage(): void {
  Object.assign(window, { WebSocket: StageSocket })
  window.fetch = (input: RequestInfo | URL, init?: RequestInit) => {
    const url = new URL(input instanceof Request ? input.url : input, location.href)
    if (!url.pathname.startsWith("/api/v1")) return Promise.reject(new Error(`Not on the stage: ${url.pathname}`))
    const path = url.pathname.slice("/api/v1".length)
    const isChange = init?.method !== undefined && init.method !== "GET"
    if (isChange) asked.push({ method: init.method ?? "", path, body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : null })
    const body = isChange ? {} : answerRequest(path, url.searchParams)
    return Promise.resolve(new Response(JSON.stringify(body ?? {}), { status: 200, headers: { "Content-Type": "application/json" } }))
  }
}
