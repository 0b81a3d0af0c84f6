/**
 * What stands where: the thread list, the room, the panel. `arrange` is the whole rule, as a pure function
 * of the window's width and what the person opened; components only draw what it says.
 */

import { useMemo, useSyncExternalStore } from "react"

import { makeStore, useStore } from "@/lib/store"

export type PanelTab = "people" | "branches"
type Size = "phone" | "tablet" | "laptop" | "wide"

export interface Wishes {
  panel: PanelTab | null
  isListShut: boolean // shut by its key
  isListOver: boolean // tablet: slid over the room; phone has it as a screen of its own
  isListKept: boolean // brought back by its key where it would have folded away
}

interface Arrangement {
  size: Size
  list: "beside" | "over" | "screen" | "none"
  panel: "beside" | "over" | "screen" | "none"
}

const RAIL = 56
const LIST = 248
const PANEL = 344
const LEAST_ROOM = 640

export function sizeOf(width: number): Size {
  if (width < 768) return "phone"
  if (width < 1152) return "tablet"
  return width < 1600 ? "laptop" : "wide"
}

/** Does the list give way to the open panel? On a laptop to keep the room readable, on wide to save the fourth lane. */
function isFolded(width: number): boolean {
  return width - RAIL - LIST - PANEL < LEAST_ROOM || (width >= 1790 && width <= 2038)
}

export function arrange(width: number, wishes: Wishes): Arrangement {
  const size = sizeOf(width)
  if (size === "phone") return { size, list: "screen", panel: wishes.panel ? "screen" : "none" }
  if (size === "tablet") return { size, list: wishes.isListOver ? "over" : "none", panel: wishes.panel ? "over" : "none" }
  const isBeside = !wishes.isListShut && (!wishes.panel || wishes.isListKept || !isFolded(width))
  return { size, list: isBeside ? "beside" : "none", panel: wishes.panel ? "beside" : "none" }
}

const wishes = makeStore<Wishes>({ panel: null, isListShut: false, isListOver: false, isListKept: false })

function watchWidth(listener: () => void): () => void {
  addEventListener("resize", listener)
  return () => removeEventListener("resize", listener)
}

export interface Shell extends Arrangement {
  tab: PanelTab | null
}

export function useShell(): Shell {
  const width = useSyncExternalStore(watchWidth, () => innerWidth)
  const now = useStore(wishes)
  return useMemo(() => ({ ...arrange(width, now), tab: now.panel }), [width, now])
}

export function openPanel(tab: PanelTab): void {
  wishes.set((now) => ({ ...now, panel: tab, isListOver: false }))
}

export function closePanel(): void {
  wishes.set((now) => ({ ...now, panel: null, isListKept: false }))
}

export function togglePanel(tab: PanelTab = "people"): void {
  if (wishes.get().panel) closePanel()
  else openPanel(tab)
}

/** Do what the list's key says at this width: slide it over, shut it, or bring it back. */
export function toggleList(): void {
  const now = wishes.get()
  const { size, list } = arrange(innerWidth, now)
  if (size === "phone") return
  if (size === "tablet") wishes.set({ ...now, isListOver: !now.isListOver, panel: null })
  else if (list === "beside") wishes.set({ ...now, isListShut: true, isListKept: false })
  else wishes.set({ ...now, isListShut: false, isListKept: true })
}

/** Take away what only lies over the room: a thread was chosen, or the scrim was touched. */
export function clearOver(): void {
  const now = wishes.get()
  const { list, panel } = arrange(innerWidth, now)
  const isPanelGone = panel === "over" || panel === "screen"
  if (list === "over" || isPanelGone) wishes.set({ ...now, isListOver: false, panel: isPanelGone ? null : now.panel })
}

/** What may be asked from anywhere: the shell shows the dialog that belongs to it. */
export type Question = "palette" | "keys" | "new-project" | "new-thread" | "invite"

const question = makeStore<Question | null>(null)

export function useQuestion(): Question | null {
  return useStore(question)
}

/** Open one of the shell's dialogs; null closes the open one. */
export function ask(what: Question | null): void {
  question.set(what)
}
