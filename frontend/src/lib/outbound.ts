/**
 * Takes what waits in `outgoing.ts` to the server, in the order it was written, each until it is acknowledged or
 * refused. The same `client_id` may go out many times; the server says it once.
 */

import { changeOutgoing, getOutgoing, type Outgoing, removeOutgoing, removeOutgoingWhenDrawn, watchOutgoing } from "@/lib/outgoing"
import type { Ack, Send } from "@/lib/protocol"

interface OutboundDoors {
  isUp: () => boolean
  userId: () => string
  send: (command: Omit<Send, "id" | "type">) => Promise<Ack>
  rooms: { hasSeen: (threadId: string, clientId: string) => boolean; isFollowed: (threadId: string) => boolean }
}

interface Refusal {
  code: string
  message: string
  isRetryable: boolean
  retryAfterS: number | null
}

const AGAIN_MS = 2_000

export class Outbound {
  private readonly doors: OutboundDoors
  private readonly underway = new Set<string>()

  constructor(doors: OutboundDoors) {
    this.doors = doors
    watchOutgoing(() => this.pump())
  }

  /** Send everything of the signed-in person that is not on its way already. */
  pump(): void {
    if (!this.doors.isUp()) return
    const userId = this.doors.userId()
    for (const one of getOutgoing()) {
      if (one.state !== "sending" || one.seq !== null || one.user_id !== userId || this.underway.has(one.client_id)) continue
      this.underway.add(one.client_id)
      void this.take(one)
    }
  }

  private async take(one: Outgoing): Promise<void> {
    const { client_id, thread_id, branch_id, body, mode, models, visibility, rounds, reply_to } = one
    try {
      const ack = await this.doors.send({ client_id, thread_id, branch_id, body, mode, models, visibility, rounds, reply_to })
      this.underway.delete(client_id)
      if (!this.doors.rooms.isFollowed(thread_id)) { removeOutgoing(client_id); return; }
      changeOutgoing(client_id, { seq: ack.seq ?? 0 })
      if (this.doors.rooms.hasSeen(thread_id, client_id)) removeOutgoingWhenDrawn(client_id)
    } catch (thrown) {
      this.refused(client_id, thrown as Refusal)
    }
  }

  private refused(clientId: string, refusal: Refusal): void {
    const again = () => {
      this.underway.delete(clientId)
      this.pump()
    }
    if (refusal.code === "line_lost" && !this.doors.isUp()) this.underway.delete(clientId) // the next line takes it
    else if (refusal.isRetryable) setTimeout(again, (refusal.retryAfterS ?? 0) * 1000 || AGAIN_MS)
    else {
      this.underway.delete(clientId)
      changeOutgoing(clientId, { state: "refused", reason: refusal.message })
    }
  }
}
