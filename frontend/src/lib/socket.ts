/**
 * One WebSocket for this tab, and everything that goes over it: rooms that are joined and followed, messages on
 * their way, news of projects. It opens when somebody first needs it and outlives what lies between pages.
 */

import { api } from "@/lib/api"
import { Line, type LineState } from "@/lib/line"
import { Outbound } from "@/lib/outbound"
import { getOutgoing, watchOutgoing } from "@/lib/outgoing"
import type { Ack, AnyCommand, AnyFrame, AnyNews, Hello, Send, Watch } from "@/lib/protocol"
import { Rooms } from "@/lib/rooms"
import { makeStore, useStore } from "@/lib/store"
import type { RoomStore } from "@/lib/stream-store"

/** A refusal of a command. Without a line there is `line_lost`: it may or may not have happened. */
class CommandError extends Error {
  override readonly name = "CommandError"
  readonly code: string
  readonly isRetryable: boolean
  readonly retryAfterS: number | null

  constructor(code: string, message: string, isRetryable: boolean, retryAfterS: number | null) {
    super(message)
    this.code = code
    this.isRetryable = isRetryable
    this.retryAfterS = retryAfterS
  }
}

export interface Connection extends LineState {
  /** How many messages of this person wait for the line. */
  waiting: number
}

type NewsHandler = (item: AnyNews, projectId: string | null) => void
interface Pending {
  resolve: (ack: Ack) => void
  reject: (error: CommandError) => void
  timer: ReturnType<typeof setTimeout>
}

const ANSWER_MS = 15_000
const TYPING_EVERY_MS = 3_000
const connection = makeStore<Connection>({ state: "idle", since: null, hello: null, ended: "", waiting: 0 })
const pending = new Map<string, Pending>()
const newsHandlers = new Set<NewsHandler>()
const backHandlers = new Set<() => void>()
const watched = new Map<string, number>()
let lastId = 0
let lastTypedAt = 0

const line = new Line(address, {
  change: (state) => connection.set((now) => ({ ...now, ...state })),
  up,
  down,
  frame: receive,
  doubt: () => void api.get("/me").catch(() => undefined), // a 401 is heard by whoever listens for it
})
const rooms = new Rooms({ send: (command) => line.send(command), nextId })
const outbound = new Outbound({ isUp: () => line.state.state === "connected", userId: () => line.state.hello?.user.id ?? "", send, rooms })

watchOutgoing(countWaiting)
countWaiting()

function countWaiting(): void {
  const waiting = getOutgoing().filter((one) => one.state === "sending" && one.seq === null).length
  connection.set((now) => (now.waiting === waiting ? now : { ...now, waiting }))
}

function address(): string {
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`
}

function nextId(): string {
  return String(++lastId)
}

function up(_hello: Hello, isAgain: boolean): void {
  for (const projectId of watched.keys()) line.send(watchCommand(projectId))
  rooms.joinAll()
  outbound.pump()
  if (isAgain) for (const tell of backHandlers) tell()
}

function down(): void {
  rooms.down()
  for (const [id, one] of pending) {
    clearTimeout(one.timer)
    pending.delete(id)
    one.reject(new CommandError("line_lost", "The line went down before the answer came.", true, null))
  }
}

function receive(frame: AnyFrame): void {
  switch (frame.type) {
    case "ack":
      { settle(frame.re, (one) => one.resolve(frame)); return; }
    case "error": {
      if (frame.re !== null && rooms.refused(frame.re, frame)) return
      const error = new CommandError(frame.code, frame.message, frame.retryable ?? false, frame.retry_after_s ?? null)
      if (frame.re !== null) settle(frame.re, (one) => one.reject(error))
      return
    }
    case "news":
      for (const tell of newsHandlers) tell(frame.item, frame.project_id)
      return
    default:
      rooms.receive(frame)
  }
}

function settle(id: string, answer: (one: Pending) => void): void {
  const one = pending.get(id)
  if (!one) return
  clearTimeout(one.timer)
  pending.delete(id)
  answer(one)
}

function ask(command: AnyCommand & { id: string }): Promise<Ack> {
  return new Promise((resolve, reject) => {
    const late = () => settle(command.id, (one) => one.reject(new CommandError("line_lost", "The server does not answer.", true, null)))
    if (!line.send(command)) { reject(new CommandError("line_lost", "The line is down.", true, null)); return; }
    pending.set(command.id, { resolve, reject, timer: setTimeout(late, ANSWER_MS) })
  })
}

function send(command: Omit<Send, "id" | "type">): Promise<Ack> {
  return ask({ type: "send", id: nextId(), ...command })
}

function watchCommand(projectId: string): Watch {
  return { type: "watch", id: nextId(), project_id: projectId }
}

/** Follow a room until the answer is called: its state, kept live, stays good between visits. */
export function joinRoom(threadId: string, branchId: string | null): { store: RoomStore; leave: () => void } {
  line.start()
  return rooms.join(threadId, branchId)
}

/** Keep a room followed while something beside it is shown. */
export function holdRoom(threadId: string): () => void {
  line.start()
  return rooms.hold(threadId)
}

/** Give the store of the room that is being followed, or null. */
export function roomOf(threadId: string): RoomStore | null {
  return rooms.storeOf(threadId)
}

/** Call the listener whenever another room, or another branch of one, is followed. */
export const watchRooms = rooms.watchStores

/** Tell the room that this person types; call it as often as they press a key. */
export function sayTyping(threadId: string): void {
  const now = Date.now()
  if (now - lastTypedAt < TYPING_EVERY_MS) return
  if (line.send({ type: "typing", thread_id: threadId })) lastTypedAt = now
}

/** Make the next key press be told at once: what was typed has been sent. */
export function stopTyping(): void {
  lastTypedAt = 0
}

/** Hear news of a project's threads until the answer is called. */
export function watchProject(projectId: string): () => void {
  line.start()
  const count = watched.get(projectId) ?? 0
  watched.set(projectId, count + 1)
  if (count === 0) line.send(watchCommand(projectId))
  return () => {
    const left = (watched.get(projectId) ?? 1) - 1
    if (left > 0) return void watched.set(projectId, left)
    watched.delete(projectId)
    line.send({ type: "unwatch", project_id: projectId })
  }
}

/** Call the handler with each piece of news: a hint that a list has changed. */
export function onNews(handler: NewsHandler): () => void {
  line.start()
  newsHandlers.add(handler)
  return () => void newsHandlers.delete(handler)
}

/** Call the handler when the line is back after it was down: lists are loaded again then. */
export function onReconnect(handler: () => void): () => void {
  backHandlers.add(handler)
  return () => void backHandlers.delete(handler)
}

export function useConnection(): Connection {
  return useStore(connection)
}

/** Say whether the line was up and is not any more. */
export function useIsLineLost(): boolean {
  const { state, since } = useStore(connection)
  return since !== null || state === "ended"
}

export function getConnection(): Connection {
  return connection.get()
}

/** Try to connect at once: somebody pressed "Try now". */
export function retryConnection(): void {
  line.retryNow()
}

/** Close the line: nobody is signed in here any more. */
export function disconnect(): void {
  line.stop()
  rooms.forget()
}
