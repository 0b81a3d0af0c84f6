/** The room's keys. They act on the row that has the focus, else on the last one. */

import { askAgain, lookAt } from "@/features/conversation/actions"
import type { RoomDoors } from "@/features/conversation/room-context"
import { useStartThread } from "@/features/conversation/use-go"
import { type Lane, lanesOf } from "@/features/runs/lanes-of"
import { isByModel, type Message } from "@/lib/protocol"
import { useShortcuts } from "@/lib/shortcuts"

interface Current {
  message: Message | undefined
  lanes: Lane[]
}

/** Find the row the keys mean: what is focused, or the last one that is there. */
function currentRow(): HTMLElement | null {
  const focused = document.activeElement?.closest<HTMLElement>("[data-row]")
  if (focused) return focused
  return [...document.querySelectorAll<HTMLElement>("[data-row]")].at(-1) ?? null
}

function current({ store }: RoomDoors): Current {
  const row = currentRow()
  const seq = Number(row?.dataset["row"] ?? -1)
  const { messages, choices } = store.current.view
  const all = [...messages.values()]
  const message = all.find((one) => one.id === row?.dataset["message"]) ?? all.find((one) => one.seq === seq)
  const answersAt = message && !isByModel(message) ? seq + 1 : seq
  const answers = all.filter((one) => one.seq === answersAt && isByModel(one))
  return { message, lanes: lanesOf(answers, choices) }
}

/** The lane the keys mean: the focused one, the wide one, or the only one. */
function currentLane(room: RoomDoors): Lane | undefined {
  const { lanes } = current(room)
  const { wide } = room.ui.get()
  const focused = document.activeElement?.closest<HTMLElement>("[data-lane]")?.dataset["lane"]
  const number = focused ?? (wide && lanes.some((lane) => lane.seq === wide.seq) ? String(wide.lane) : undefined)
  return number === undefined ? (lanes.length === 1 ? lanes[0] : undefined) : lanes.find((lane) => String(lane.lane) === number)
}

function walk(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")]
  const focused = document.activeElement?.closest<HTMLElement>("[data-row]")
  const from = focused ? rows.indexOf(focused) : rows.length
  const next = rows[from + by]
  next?.focus({ preventScroll: true })
  next?.scrollIntoView({ block: "nearest" })
}

export function useRoomKeys(room: RoomDoors): void {
  const { ui, canWrite } = room
  const startThread = useStartThread(room.projectId)
  const open = (dialog: "branch" | "prompt", message: Message | undefined) => {
    if (!message) return false
    ui.set((now) => ({ ...now, dialog: { kind: dialog, message } }))
    return true
  }
  const widen = (number: number) => {
    const lane = current(room).lanes[number - 1]
    if (!lane || current(room).lanes.length < 2) return false
    const { wide } = ui.get()
    const isOn = wide?.seq === lane.seq && wide.lane === lane.lane
    ui.set((now) => ({ ...now, turned: now.turned + 1, wide: isOn ? null : { seq: lane.seq, lane: lane.lane } }))
    return true
  }
  const sibling = (by: number) => {
    const lane = currentLane(room)
    const next = lane?.siblings[lane.siblings.indexOf(lane.shown) + by]
    if (!lane || !next) return false
    lookAt(room, lane, next)
    return true
  }
  useShortcuts([
    { keys: "j", label: "Next message", group: "Room", run: () => walk(1) },
    { keys: "k", label: "Previous message", group: "Room", run: () => walk(-1) },
    {
      keys: "r",
      label: "Reply",
      group: "Room",
      run: () => {
        const { message } = current(room)
        if (!canWrite || !message) return false
        ui.set((now) => ({ ...now, replyTo: message }))
        return true
      },
    },
    {
      keys: "t",
      label: "Thread from here",
      group: "Room",
      run: () => {
        const { message } = current(room)
        if (!canWrite || !message) return false
        startThread(message)
        return true
      },
    },
    { keys: "b", label: "Branch from here", group: "Room", run: () => canWrite && open("branch", currentLane(room)?.shown ?? current(room).message) },
    ...Array.from({ length: 9 }, (_, index) => ({
      keys: String(index + 1),
      label: index === 0 ? "One lane at full width" : `Lane ${index + 1}`,
      group: "Lanes and answers" as const,
      run: () => widen(index + 1),
    })),
    {
      keys: "escape",
      label: "All lanes again",
      group: "Lanes and answers",
      run: () => {
        if (!ui.get().wide) return false
        ui.set((now) => ({ ...now, wide: null }))
        return true
      },
    },
    {
      keys: "g",
      label: "Regenerate",
      group: "Lanes and answers",
      run: () => {
        const lane = currentLane(room)
        if (!canWrite || !lane) return false
        askAgain(room, lane)
        return true
      },
    },
    { keys: "[", label: "Previous answer", group: "Lanes and answers", run: () => sibling(-1) },
    { keys: "]", label: "Next answer", group: "Lanes and answers", run: () => sibling(1) },
    { keys: "e", label: "What did it see?", group: "Lanes and answers", run: () => open("prompt", currentLane(room)?.shown) },
  ])
}
