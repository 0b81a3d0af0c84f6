/** What every part of an open room may use: its store, who is looking, which models there are, what lies open. */

import { createContext, use } from "react"

import type { Message, Mode, PersonView } from "@/lib/protocol"
import { makeStore, type Store } from "@/lib/store"
import type { RoomStore } from "@/lib/stream-store"
import type { ModelView } from "@/lib/types"

export type Dialog =
  | { kind: "branch"; message: Message }
  | { kind: "prompt"; message: Message }
  | { kind: "versions"; message: Message }

/** What this person opened and picked, kept here because rows out of sight, and the composer of an empty room, go. */
interface RoomUi {
  /** One lane at full measure, the others a row of headers. */
  wide: { seq: number; lane: number } | null
  /** Bodies and cut-off attempts that were unfolded, by message id. */
  opened: ReadonlySet<string>
  /** On a phone, the lane that is looked at, by place. */
  paged: ReadonlyMap<number, number>
  /** Raised when this person opened or turned something: the page stays where they are. */
  turned: number
  editing: string | null
  replyTo: Message | null
  /** How this person wants to ask, picked while the talk of this id (or none) went on. */
  picked: { mode: Mode; talk: string | undefined } | null
  rounds: number
  dialog: Dialog | null
}

export interface RoomDoors {
  store: RoomStore
  ui: Store<RoomUi>
  projectId: string
  threadId: string
  branchId: string
  me: PersonView
  models: ReadonlyMap<string, ModelView>
  /** The models that may be asked, in the order they are offered. */
  offered: readonly ModelView[]
  /** Until they are loaded, that none is offered says nothing. */
  areModelsKnown: boolean
  canWrite: boolean
  canManage: boolean
  /** How many lanes stand side by side in this room. */
  capacity: number
  isPhone: boolean
}

export function makeUi(): Store<RoomUi> {
  return makeStore<RoomUi>({ wide: null, opened: new Set(), paged: new Map(), turned: 0, editing: null, replyTo: null, picked: null, rounds: 2, dialog: null })
}

const Context = createContext<RoomDoors | null>(null)
export const RoomProvider = Context.Provider

export function useRoom(): RoomDoors {
  const room = use(Context)
  if (!room) throw new Error("useRoom is used outside of a room")
  return room
}

export function toggleOpened(ui: Store<RoomUi>, id: string): void {
  ui.set((now) => {
    const opened = new Set(now.opened)
    if (!opened.delete(id)) opened.add(id)
    return { ...now, opened, turned: now.turned + 1 }
  })
}
