import "@testing-library/jest-dom/vitest"
import { cleanup, configure } from "@testing-library/react"
import { afterEach, vi } from "vitest"

import { flush } from "@/lib/schedule"

configure({ asyncUtilTimeout: 5_000 }) // a busy machine is no failure

// What jsdom lacks and the components ask for.
class StillObserver implements ResizeObserver, IntersectionObserver {
  readonly root = null
  readonly rootMargin = ""
  readonly scrollMargin = ""
  readonly thresholds = []
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
  takeRecords(): [] {
    return []
  }
}
vi.stubGlobal("ResizeObserver", StillObserver)
vi.stubGlobal("IntersectionObserver", StillObserver)
vi.stubGlobal("matchMedia", (query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  dispatchEvent: () => true,
}))
Element.prototype.scrollIntoView = () => undefined
Element.prototype.getAnimations = () => []

afterEach(() => {
  cleanup()
  flush() // else its timer may outlive the page
  localStorage.clear()
  sessionStorage.clear()
})
