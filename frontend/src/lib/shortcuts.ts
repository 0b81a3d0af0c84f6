/**
 * Keys. Components say which they answer while they are shown; one listener on the window finds who does.
 * Keys without ⌘, Ctrl or ⌥ work only outside a field, and single letters only when the person wants them.
 */

import { useEffect, useRef } from "react"

export type ShortcutGroup = "Everywhere" | "Threads" | "Room" | "Lanes and answers"

export interface Shortcut {
  /** `mod+k`, `alt+shift+arrowdown`, `c`, `?`. `mod` is ⌘ on a Mac and Ctrl elsewhere. "": only in the palette. */
  keys: string
  label: string
  group: ShortcutGroup
  /** Answers false when it was not for it after all: the next one is asked. */
  run: (event?: KeyboardEvent) => boolean | void
  /** A key of ours that works inside a field, too, though it has no ⌘ (Esc). */
  isInFields?: boolean
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

const active: Shortcut[][] = []
let areLettersOn = true

export function setSingleLetters(isOn: boolean): void {
  areLettersOn = isOn
}

/** List every shortcut that works now, the innermost first. */
export function activeShortcuts(): Shortcut[] {
  return active.toReversed().flat()
}

const NAMES: Record<string, string> = {
  mod: isMac ? "⌘" : "Ctrl",
  alt: isMac ? "⌥" : "Alt",
  shift: "⇧",
  enter: "⏎",
  escape: "esc",
  arrowup: "↑",
  arrowdown: "↓",
  arrowleft: "←",
  arrowright: "→",
}

/** Split `mod+shift+k` into what stands on the keys: ⌘ ⇧ K. */
export function keyNames(keys: string): string[] {
  return keys.split("+").map((key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key))
}

/** Say how a press is written: `mod+alt+shift+key`, in that order, lower case. */
export function pressed(event: KeyboardEvent): string {
  const key = (event.altKey && event.code.startsWith("Key") ? event.code.slice(3) : event.key).toLowerCase()
  const isShiftSaid = event.shiftKey && (key.length > 1 || /[a-z]/.test(key))
  const mod = isMac ? event.metaKey : event.ctrlKey
  return [mod && "mod", event.altKey && "alt", isShiftSaid && "shift", key].filter(Boolean).join("+")
}

function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable=true]") !== null
}

/** A menu or a dialog that is open keeps the keys to itself. */
function isElsewhere(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("[role=menu], [role=dialog], [role=alertdialog], [role=listbox]") !== null
}

export function answer(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return
  const keys = pressed(event)
  const isPlain = !keys.startsWith("mod+") && !keys.startsWith("alt+")
  const isTyping = isField(event.target)
  const isLetter = isPlain && keys.replace("shift+", "").length === 1
  if (isLetter && !areLettersOn && keys !== "?") return
  if (isPlain && isElsewhere(event.target)) return
  for (const shortcut of activeShortcuts()) {
    if (shortcut.keys !== keys || (isPlain && isTyping && !shortcut.isInFields)) continue
    if (shortcut.run(event) === false) continue
    event.preventDefault()
    return
  }
}

/** Do what a key would do now, for a button that stands for it; false when nothing answers. */
export function runShortcut(keys: string): boolean {
  return activeShortcuts().some((shortcut) => shortcut.keys === keys && shortcut.run() !== false)
}

if (typeof window !== "undefined") addEventListener("keydown", answer)

/** Answer these keys while the component is shown; what was shown last answers first. */
export function useShortcuts(shortcuts: Shortcut[]): void {
  const latest = useRef(shortcuts)
  useEffect(() => {
    latest.current = shortcuts
  })
  const signature = shortcuts.map((one) => `${one.keys} ${one.label}`).join("\n")
  useEffect(() => {
    const mine = latest.current.map((one, index) => ({
      ...one,
      run: (event?: KeyboardEvent) => latest.current[index]?.run(event),
    }))
    active.push(mine)
    return () => void active.splice(active.indexOf(mine), 1)
  }, [signature])
}
