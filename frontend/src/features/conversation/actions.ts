/** What a person does in a room, with what is said when it does not work. Success shows by itself. */

import * as server from "@/features/conversation/api"
import type { RoomDoors } from "@/features/conversation/room-context"
import { toast } from "@/components/ui/toast"
import { wordsOf } from "@/lib/api"
import type { Lane } from "@/features/runs/lanes-of"
import type { ChoiceView, Message } from "@/lib/protocol"
import { choiceKey, put } from "@/lib/room-state"

type Room = Pick<RoomDoors, "store" | "threadId" | "branchId">

/** Do it, and say in a toast why it was refused. Answers whether it was done. */
export async function attempt(action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action()
    return true
  } catch (error) {
    toast({ text: wordsOf(error), isRefusal: true })
    return false
  }
}

export function stopTurn(turnId: string): void {
  void attempt(() => server.cancelTurn(turnId))
}

export function stopRun(runId: string): void {
  void attempt(() => server.cancelRun(runId))
}

export function tryTurnNow(turnId: string): void {
  void attempt(() => server.tryNow(turnId))
}

/** Ask once more, the same model or another, and let this person see the new answer. */
export function askAgain(room: Room, lane: Lane, modelId?: string): void {
  const turnId = lane.shown.turn_id
  if (!turnId) return
  void attempt(async () => {
    const { seq, variant } = await server.askAgain(turnId, modelId)
    const { choices } = room.store.current.view
    const isChosen = [true, false].some((isOwn) => choices.has(choiceKey(seq, lane.lane, isOwn)) || choices.has(choiceKey(seq, -1, isOwn)))
    if (isChosen) keepChoice(room, { branch_id: room.branchId, seq, lane: lane.lane, variant, is_own: true })
  })
}

function keepChoice(room: Room, choice: ChoiceView): void {
  room.store.update((state) => ({
    ...state,
    view: { ...state.view, choices: put(state.view.choices, choiceKey(choice.seq, choice.lane, choice.is_own), choice) },
  }))
}

/** Show this person another sibling; the room keeps the one it has. */
export function lookAt(room: Room, lane: Lane, message: Message): void {
  keepChoice(room, { branch_id: room.branchId, seq: lane.seq, lane: lane.lane, variant: message.variant, is_own: true })
  void attempt(() => server.choose(room.threadId, { branch_id: room.branchId, seq: lane.seq, lane: lane.lane, variant: message.variant, for: "me" }))
}

/** Make what this person looks at the room's. */
export function chooseForAll(room: Room, lane: Lane): void {
  void attempt(() => server.choose(room.threadId, { branch_id: room.branchId, seq: lane.seq, lane: lane.lane, variant: lane.shown.variant, for: "room" }))
}

export function removeMessage(message: Message): void {
  void attempt(async () => {
    await server.deleteMessage(message.id)
    toast({ text: "Message deleted.", undo: () => void attempt(() => server.restoreMessage(message.id)) })
  })
}

export function bringBack(message: Message): void {
  void attempt(() => server.restoreMessage(message.id))
}
