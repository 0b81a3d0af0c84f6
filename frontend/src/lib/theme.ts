/** Light, dark, or as the system: kept on this machine only. `public/theme.js` does the same before the first paint. */

import { makeStore, recall, remember, useStore } from "@/lib/store"

export type Theme = "light" | "dark" | "system"

const system = matchMedia("(prefers-color-scheme: dark)")
const kept = recall("theme")
const theme = makeStore<Theme>(kept === "light" || kept === "dark" ? kept : "system")

function paint(): void {
  document.documentElement.dataset["theme"] = isDark(theme.get()) ? "dark" : "light"
}
theme.watch(paint)
system.addEventListener("change", paint)

export function isDark(chosen: Theme): boolean {
  return chosen === "dark" || (chosen === "system" && system.matches)
}

export function setTheme(chosen: Theme): void {
  remember("theme", chosen === "system" ? null : chosen)
  theme.set(chosen)
}

export function useTheme(): Theme {
  return useStore(theme)
}

/** Turn light to dark and dark to light, whatever the system says. */
export function flipTheme(): void {
  setTheme(isDark(theme.get()) ? "light" : "dark")
}
