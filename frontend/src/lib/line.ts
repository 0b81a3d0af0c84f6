/**
 * The WebSocket's life: open, watched by its heartbeat, closed, opened again after a random wait that grows.
 * It knows frames only as far as the line itself is concerned: `hello`, `heartbeat`, `goodbye`.
 */

import { backoffMs } from "@/lib/backoff"
import type { AnyCommand, AnyFrame, Hello } from "@/lib/protocol"

export interface LineState {
  state: "idle" | "connecting" | "connected" | "reconnecting" | "offline" | "ended"
  /** When it was last connected; null while it is, and before it first was. */
  since: number | null
  hello: Hello | null
  /** Why it ended and does not come back by itself: signed_out, disabled, too_many_sockets. */
  ended: string
}

interface LineHandlers {
  change: (state: LineState) => void
  /** The line is up, `hello` has come. `isAgain`: it was up before. */
  up: (hello: Hello, isAgain: boolean) => void
  down: () => void
  frame: (frame: AnyFrame) => void
  /** It never got as far as `hello`, several times: is anybody signed in at all? */
  doubt: () => void
}

const BEATS_UNTIL_DEAD = 2.5
const HELLO_MS = 10_000
const DOUBT_EVERY = 3
/** Close codes after which coming back by oneself would only be refused again. */
const ENDINGS: Record<number, string> = { 4401: "signed_out", 4409: "too_many_sockets" }

export class Line {
  state: LineState = { state: "idle", since: null, hello: null, ended: "" }
  private readonly url: () => string
  private readonly on: LineHandlers
  private readonly random: () => number
  private socket: WebSocket | null = null
  private tries = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private watchdog: ReturnType<typeof setInterval> | undefined
  private lastFrameAt = 0
  private goodbye: { reconnect: boolean; afterMs: number; code: string } | null = null

  constructor(url: () => string, on: LineHandlers, random: () => number = Math.random) {
    this.url = url
    this.on = on
    this.random = random
  }

  /** Open the line if it is not up or on its way; the page's own events are heard from now on. */
  start(): void {
    if (this.state.state !== "idle" && this.state.state !== "ended") return
    addEventListener("online", this.onOnline)
    addEventListener("offline", this.onOffline)
    this.tries = 0
    this.set({ state: "connecting", ended: "" })
    this.open()
  }

  /** Close the line for good. */
  stop(reason = ""): void {
    removeEventListener("online", this.onOnline)
    removeEventListener("offline", this.onOffline)
    clearTimeout(this.timer)
    this.shut()
    this.set({ state: reason ? "ended" : "idle", hello: null, ended: reason, since: null })
  }

  /** Try at once, whatever wait is running. */
  retryNow(): void {
    if (this.state.state === "ended") { this.start(); return; }
    if (this.state.state === "idle" || this.socket) return
    clearTimeout(this.timer)
    this.open()
  }

  /** Send if the line is up, and say whether it was. */
  send(command: AnyCommand): boolean {
    if (this.state.state !== "connected" || this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(command))
    return true
  }

  private open(): void {
    this.shut()
    this.goodbye = null
    const socket = new WebSocket(this.url())
    this.socket = socket
    this.lastFrameAt = Date.now()
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data)
    socket.onclose = (event) => {
      if (this.socket === socket) this.lost(event.code)
    }
    this.watch(HELLO_MS)
  }

  /** A timer of a hidden tab may be late by a minute; the clock says the truth. */
  private watch(deadAfterMs: number): void {
    clearInterval(this.watchdog)
    this.watchdog = setInterval(() => {
      if (Date.now() - this.lastFrameAt <= deadAfterMs) return
      this.shut()
      this.lost(1006)
    }, 1000)
  }

  private receive(data: string): void {
    this.lastFrameAt = Date.now()
    const frame = JSON.parse(data) as AnyFrame
    if (frame.type === "hello") { this.greet(frame); return; }
    if (frame.type === "goodbye") {
      this.goodbye = { reconnect: frame.reconnect, afterMs: frame.after_ms ?? 0, code: frame.code }
      return
    }
    // Answering the server's beat keeps us alive even where timers are held back.
    if (frame.type === "heartbeat") this.send({ type: "heartbeat" })
    this.on.frame(frame)
  }

  private greet(hello: Hello): void {
    const isAgain = this.state.hello !== null
    this.tries = 0
    this.watch(hello.heartbeat_s * 1000 * BEATS_UNTIL_DEAD)
    this.set({ state: "connected", since: null, hello })
    this.on.up(hello, isAgain)
  }

  private lost(code: number): void {
    const wasUp = this.state.state === "connected"
    this.shut()
    if (wasUp) this.on.down()
    const ending = ENDINGS[code] ?? (this.goodbye && !this.goodbye.reconnect ? this.goodbye.code : "")
    if (ending) { this.stop(ending); return; }
    const wait = wasUp && this.goodbye ? this.goodbye.afterMs + this.random() * 300 : backoffMs(this.tries, this.random)
    this.tries += 1
    if (this.tries % DOUBT_EVERY === 0) this.on.doubt()
    const since = this.state.since ?? Date.now()
    this.set({ state: navigator.onLine ? "reconnecting" : "offline", since })
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.open(), wait)
  }

  private shut(): void {
    clearInterval(this.watchdog)
    const socket = this.socket
    this.socket = null
    socket?.close()
  }

  private readonly onOnline = (): void => {
    if (this.state.state !== "connected") this.retryNow()
  }

  /** A line without a network says nothing for a minute before it is known to be dead; one to this machine is up again at once. */
  private readonly onOffline = (): void => {
    if (this.state.state === "connected") this.lost(1006)
    else if (this.state.state === "reconnecting") this.set({ state: "offline" })
  }

  private set(change: Partial<LineState>): void {
    this.state = { ...this.state, ...change }
    this.on.change(this.state)
  }
}
