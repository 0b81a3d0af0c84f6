/**
 * One room's state outside React. Events are applied as they come; whoever draws is told once a frame: those
 * who watch the structure only when it changed, those who watch a turn only when that turn did.
 */

import type { AnyEvent, BranchView, Events, Joined, Message } from "@/lib/protocol"
import { applyEvents, applyJoined, forgetTypists, learnBranches, repairMessage } from "@/lib/room"
import { applyPage, type HistoryPage, type PageAsked } from "@/lib/room-pages"
import { emptyRoom, type RoomState, type RoomView, type TurnText } from "@/lib/room-state"
import { atNextFrame, type Schedule } from "@/lib/schedule"
import { sha256 } from "@/lib/verify"

type Listener = () => void

export interface RoomStoreOptions {
  schedule?: Schedule
  now?: () => number
  /** Loads one message anew: its words did not fit their hash. */
  fetchMessage?: (messageId: string) => Promise<Message>
}

export class RoomStore {
  /** How many finished turns did not fit their hash. It should stay 0 for ever. */
  mismatches = 0
  private state: RoomState
  private drawn: RoomState
  private readonly structure = new Set<Listener>()
  private readonly texts = new Map<string, Set<Listener>>()
  private readonly events = new Set<(event: AnyEvent) => void>()
  private readonly schedule: Schedule
  private readonly now: () => number
  private readonly fetchMessage: RoomStoreOptions["fetchMessage"]

  constructor(threadId: string, branchId: string, options: RoomStoreOptions = {}) {
    this.state = this.drawn = emptyRoom(threadId, branchId)
    this.schedule = options.schedule ?? atNextFrame
    this.now = options.now ?? Date.now
    this.fetchMessage = options.fetchMessage
  }

  /** What is true now, drawn or not: for the socket and for actions. */
  get current(): RoomState {
    return this.state
  }

  get isRevoked(): boolean {
    return this.state.view.isGone
  }

  readonly getView = (): RoomView => this.drawn.view
  readonly getTurn = (turnId: string): TurnText | undefined => this.drawn.turns.get(turnId)

  readonly watchView = (listener: Listener): (() => void) => {
    this.structure.add(listener)
    return () => void this.structure.delete(listener)
  }

  readonly watchTurn = (turnId: string, listener: Listener): (() => void) => {
    const listeners = this.texts.get(turnId) ?? new Set()
    this.texts.set(turnId, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (!listeners.size) this.texts.delete(turnId)
    }
  }

  /** Call `listener` with each event once, after it was applied. */
  readonly watchEvents = (listener: (event: AnyEvent) => void): (() => void) => {
    this.events.add(listener)
    return () => void this.events.delete(listener)
  }

  joined(frame: Joined): void {
    this.change(applyJoined(this.state, frame))
  }

  /** Apply a frame and say whether the room must be joined again. */
  receive(frame: Events): RoomState["lost"] {
    const before = this.state
    this.change(applyEvents(before, frame, this.now()))
    if (this.state.lost || this.state === before) return this.state.lost
    for (const event of frame.events) {
      if (event.type === "turn.finished") void this.verify(event.message_id)
      for (const tell of this.events) tell(event)
    }
    return null
  }

  revoke(): void {
    const empty = emptyRoom(this.state.view.threadId, this.state.view.branchId)
    this.change({ ...empty, view: { ...empty.view, isGone: true } })
  }

  learn(branches: readonly BranchView[]): void {
    this.change(learnBranches(this.state, branches))
  }

  addPage(page: HistoryPage, asked: PageAsked): void {
    this.change(applyPage(this.state, page, asked))
  }

  forgetTypists(): void {
    this.change(forgetTypists(this.state, this.now()))
  }

  /** Change the state by hand: what the server answered to an action of this tab. */
  update(change: (state: RoomState) => RoomState): void {
    this.change(change(this.state))
  }

  private change(next: RoomState): void {
    if (next === this.state) return
    this.state = next
    this.schedule(this.flush)
  }

  private readonly flush = (): void => {
    const before = this.drawn
    const after = this.state
    this.drawn = after
    if (before.view !== after.view) for (const tell of [...this.structure]) tell()
    if (before.turns === after.turns) return
    for (const [turnId, listeners] of [...this.texts]) {
      if (before.turns.get(turnId) !== after.turns.get(turnId)) for (const tell of [...listeners]) tell()
    }
  }

  private async verify(messageId: string): Promise<void> {
    const message = this.state.view.messages.get(messageId)
    const expected = message?.meta.text_sha256
    if (!message || !expected) return
    const found = await sha256(message.body)
    if (found === null || found === expected) return
    this.mismatches += 1
    reportError(new Error(`The words of message ${messageId} do not fit their hash; loaded again.`))
    const repaired = await this.fetchMessage?.(messageId)
    if (repaired) this.update((state) => repairMessage(state, repaired))
  }
}
