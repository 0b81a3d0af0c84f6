/**
 * The rooms this tab follows: joins them when the line is up, hands each its frames, joins again when something is
 * missing, and keeps the last few that were left, so that coming back shows them at once.
 */

import { api } from "@/lib/api"
import { removeOutgoingWhenDrawn } from "@/lib/outgoing"
import type { AnyCommand, AnyFrame, ErrorFrame, Message } from "@/lib/protocol"
import { RoomStore } from "@/lib/stream-store"

interface RoomsDoors {
  send: (command: AnyCommand) => boolean
  nextId: () => string
}

/** A place in a room: one for each thread, whichever of its branches is looked at. */
interface Seat {
  threadId: string
  branchId: string | null
  store: RoomStore
  readers: number
  /** The join that was sent and not answered; until then the room's frames are not for us. */
  joining: string | null
  /** The top offset that the last heartbeat named, when it was ahead of ours. */
  promised: number
  rejoins: number[]
}

const KEPT = 12
const LEAVE_MS = 5_000
const MANY = 5
const MANY_MS = 10_000
const CALM_MS = 3_000

export class Rooms {
  private readonly doors: RoomsDoors
  private readonly seats = new Map<string, Seat>()
  private readonly kept = new Map<string, RoomStore>()
  private readonly watchers = new Set<() => void>()

  constructor(doors: RoomsDoors) {
    this.doors = doors
  }

  join(threadId: string, branchId: string | null): { store: RoomStore; leave: () => void } {
    const seat = this.seat(threadId, branchId)
    seat.readers += 1
    let isLeft = false
    const leave = () => {
      if (isLeft) return
      isLeft = true
      seat.readers -= 1
      setTimeout(() => this.leave(seat), LEAVE_MS)
    }
    return { store: seat.store, leave }
  }

  /** Keep the room followed, whichever branch of it is: for what stands beside it. */
  hold(threadId: string): () => void {
    const { branchId } = this.seats.get(threadId) ?? { branchId: null }
    return this.join(threadId, branchId).leave
  }

  joinAll(): void {
    for (const seat of this.seats.values()) this.sendJoin(seat)
  }

  down(): void {
    for (const seat of this.seats.values()) seat.joining = null
  }

  forget(): void {
    this.seats.clear()
    this.kept.clear()
  }

  /** The store of the branch of this thread that is being followed, if one is. */
  storeOf(threadId: string): RoomStore | null {
    return this.seats.get(threadId)?.store ?? null
  }

  readonly watchStores = (listener: () => void): (() => void) => {
    this.watchers.add(listener)
    return () => void this.watchers.delete(listener)
  }

  isFollowed(threadId: string): boolean {
    return this.seats.has(threadId)
  }

  hasSeen(threadId: string, clientId: string): boolean {
    const messages = this.seats.get(threadId)?.store.current.view.messages.values() ?? []
    for (const message of messages) if (message.client_id === clientId) return true
    return false
  }

  receive(frame: AnyFrame): void {
    if (frame.type === "heartbeat") { this.beat(frame.offsets); return; }
    if (!("thread_id" in frame)) return
    const seat = this.seats.get(frame.thread_id)
    if (!seat) return
    if (frame.type === "revoked") {
      this.seats.delete(frame.thread_id)
      this.drop(frame.thread_id)
      seat.store.revoke()
    } else if (frame.type === "resync") {
      this.rejoin(seat, false)
    } else if (frame.type === "joined") {
      if (frame.re !== seat.joining) return // of the branch that was looked at before
      seat.joining = null
      seat.promised = 0
      seat.store.joined(frame)
      this.clearSent(seat.store.current.view.messages.values())
      if (seat.store.current.lost) this.rejoin(seat, false)
    } else if (seat.joining === null) {
      const lost = seat.store.receive(frame)
      for (const event of frame.events) if (event.type === "message.created") this.clearSent([event.message])
      if (lost) this.rejoin(seat, lost === "gap")
    }
  }

  /** Say whether the refused command was a join of ours, and act on it. */
  refused(id: string, error: ErrorFrame): boolean {
    const seat = [...this.seats.values()].find((one) => one.joining === id)
    if (!seat) return false
    seat.joining = null
    if (error.retryable || error.code === "unavailable" || error.code === "too_many") {
      setTimeout(() => this.seats.get(seat.threadId) === seat && this.sendJoin(seat), (error.retry_after_s ?? 1) * 1000)
    } else {
      this.seats.delete(seat.threadId)
      this.drop(seat.threadId)
      seat.store.revoke()
    }
    return true
  }

  private seat(threadId: string, branchId: string | null): Seat {
    const taken = this.seats.get(threadId)
    const key = keyOf(threadId, branchId)
    if (taken && keyOf(threadId, taken.branchId) === key) return taken
    const kept = this.kept.get(key)
    const store = kept && !kept.isRevoked ? kept : new RoomStore(threadId, branchId ?? "", { fetchMessage })
    const seat: Seat = { threadId, branchId, store, readers: 0, joining: null, promised: 0, rejoins: [] }
    this.keep(key, store)
    this.seats.set(threadId, seat)
    this.sendJoin(seat)
    for (const tell of this.watchers) tell()
    return seat
  }

  private leave(seat: Seat): void {
    if (seat.readers > 0 || this.seats.get(seat.threadId) !== seat) return
    this.seats.delete(seat.threadId)
    this.doors.send({ type: "leave", thread_id: seat.threadId })
  }

  private keep(key: string, store: RoomStore): void {
    this.kept.delete(key)
    this.kept.set(key, store)
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT) break
      this.kept.delete(oldest)
    }
  }

  private drop(threadId: string): void {
    for (const key of this.kept.keys()) if (key.startsWith(`${threadId}/`)) this.kept.delete(key)
  }

  private sendJoin(seat: Seat, withCursor = true): void {
    const id = this.doors.nextId()
    const cursor = withCursor ? seat.store.current.cursor : null
    const isSent = this.doors.send({ type: "join", id, thread_id: seat.threadId, branch_id: seat.branchId, cursor })
    seat.joining = isSent ? id : null
  }

  /** A room that is lost again and again is left in peace for a moment, so that we do not ask without end. */
  private rejoin(seat: Seat, withCursor: boolean): void {
    const now = Date.now()
    seat.rejoins = [...seat.rejoins.filter((at) => now - at < MANY_MS), now]
    if (seat.rejoins.length < MANY) { this.sendJoin(seat, withCursor); return; }
    seat.joining = "later"
    setTimeout(() => seat.joining === "later" && this.seats.get(seat.threadId) === seat && this.sendJoin(seat, false), CALM_MS)
  }

  /** A beat that is ahead may have overtaken the events; one that was ahead already at the beat before has not. */
  private beat(offsets: Record<string, number>): void {
    for (const seat of this.seats.values()) {
      const offset = seat.store.current.cursor?.offset
      const top = offsets[seat.threadId]
      if (offset === undefined || top === undefined || seat.joining !== null) continue
      if (seat.promised > offset) this.rejoin(seat, true)
      seat.promised = top > offset ? top : 0
    }
  }

  private clearSent(messages: Iterable<Message>): void {
    for (const message of messages) if (message.client_id) removeOutgoingWhenDrawn(message.client_id)
  }
}

function keyOf(threadId: string, branchId: string | null): string {
  return `${threadId}/${branchId ?? "main"}`
}

function fetchMessage(messageId: string): Promise<Message> {
  return api.get<Message>(`/messages/${messageId}`)
}
