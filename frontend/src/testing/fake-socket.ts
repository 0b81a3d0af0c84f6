/** A WebSocket that tests hold the other end of. */

import type { AnyCommand, AnyFrame, Hello } from "@/lib/protocol"

export const hello: Hello = {
  type: "hello",
  connection_id: "c1",
  protocol: 1,
  heartbeat_s: 10,
  user: { id: "alice", name: "Alice" },
  version: "0.1.0",
  limits: { max_frame_bytes: 307_200, max_body_bytes: 262_144, max_models: 8, max_rounds: 10 },
}

export class FakeSocket {
  static readonly OPEN = 1
  static all: FakeSocket[] = []
  /** The newest one: the line that is up, or on its way. */
  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1)
    if (!last) throw new Error("no socket was opened")
    return last
  }

  readonly url: string
  readyState = 0
  readonly sent: AnyCommand[] = []
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  constructor(url: string) {
    this.url = url
    FakeSocket.all.push(this)
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data) as AnyCommand)
  }

  close(): void {
    this.readyState = 3
  }

  /** The server speaks. */
  say(frame: AnyFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  /** The server greets: the line is up. */
  greet(change: Partial<Hello> = {}): void {
    this.readyState = FakeSocket.OPEN
    this.say({ ...hello, ...change })
  }

  /** The server closes, or the network does. */
  drop(code = 1006): void {
    this.readyState = 3
    this.onclose?.({ code })
  }

  of<T extends AnyCommand["type"]>(type: T): Extract<AnyCommand, { type: T }>[] {
    return this.sent.filter((command): command is Extract<AnyCommand, { type: T }> => command.type === type)
  }
}
