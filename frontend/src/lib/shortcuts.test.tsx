import { fireEvent, render, screen } from "@testing-library/react"
import { afterEach, describe, expect, it, vi } from "vitest"

import { keyNames, pressed, runShortcut, setSingleLetters, useShortcuts, type Shortcut } from "@/lib/shortcuts"

function Keyed({ shortcuts }: { shortcuts: Shortcut[] }) {
  useShortcuts(shortcuts)
  return (
    <>
      <input aria-label="field" />
      <div role="menu" tabIndex={-1} />
    </>
  )
}
const of = (keys: string, run: Shortcut["run"], more: Partial<Shortcut> = {}): Shortcut => ({ keys, label: keys, group: "Everywhere", run, ...more })
const press = (key: string, init: KeyboardEventInit = {}, target: Element = document.body) => fireEvent.keyDown(target, { key, ...init })

afterEach(() => setSingleLetters(true))

describe("keys", () => {
  it("does what the key says, and keeps the browser from it", () => {
    const run = vi.fn()
    render(<Keyed shortcuts={[of("c", run)]} />)
    expect(press("c")).toBe(false)
    expect(run).toHaveBeenCalledOnce()
  })

  it("leaves single letters to a field, but not keys with Ctrl", () => {
    const letter = vi.fn()
    const withCtrl = vi.fn()
    render(<Keyed shortcuts={[of("c", letter), of("mod+k", withCtrl)]} />)
    press("c", {}, screen.getByLabelText("field"))
    press("k", { ctrlKey: true }, screen.getByLabelText("field"))
    expect(letter).not.toHaveBeenCalled()
    expect(withCtrl).toHaveBeenCalledOnce()
  })

  it("leaves plain keys to an open menu", () => {
    const run = vi.fn()
    render(<Keyed shortcuts={[of("a", run)]} />)
    press("a", {}, screen.getByRole("menu"))
    expect(run).not.toHaveBeenCalled()
  })

  it("is still when single letters are turned off, but for the one that lists them", () => {
    const letter = vi.fn()
    const help = vi.fn()
    render(<Keyed shortcuts={[of("c", letter), of("?", help)]} />)
    setSingleLetters(false)
    press("c")
    press("?", { shiftKey: true })
    expect(letter).not.toHaveBeenCalled()
    expect(help).toHaveBeenCalledOnce()
  })

  it("asks the innermost first, and the next when it was not for it", () => {
    const calls: string[] = []
    render(
      <>
        <Keyed shortcuts={[of("escape", () => void calls.push("outer"))]} />
        <Keyed
          shortcuts={[
            of("escape", () => {
              calls.push("inner")
              return calls.length > 1
            }),
          ]}
        />
      </>,
    )
    press("Escape")
    press("Escape")
    expect(calls).toEqual(["inner", "outer", "inner"])
  })

  it("forgets a component that is gone", () => {
    const run = vi.fn()
    render(<Keyed shortcuts={[of("c", run)]} />).unmount()
    press("c")
    expect(run).not.toHaveBeenCalled()
  })

  it("can be done by a button, too", () => {
    const run = vi.fn()
    render(<Keyed shortcuts={[of("mod+m", run)]} />)
    expect(runShortcut("mod+m")).toBe(true)
    expect(runShortcut("mod+q")).toBe(false)
    expect(run).toHaveBeenCalledOnce()
  })

  it.each([
    [{ key: "K", ctrlKey: true, shiftKey: true }, "mod+shift+k"],
    [{ key: "?", shiftKey: true }, "?"],
    [{ key: "ArrowDown", altKey: true, shiftKey: true }, "alt+shift+arrowdown"],
    [{ key: "ç", code: "KeyC", altKey: true }, "alt+c"],
    [{ key: "\\", ctrlKey: true }, "mod+\\"],
  ])("writes %j as %s", (init, keys) => expect(pressed(new KeyboardEvent("keydown", init))).toBe(keys))

  it("names keys as they stand on the keyboard", () => {
    expect(keyNames("mod+shift+enter")).toEqual(["Ctrl", "⇧", "⏎"])
  })
})
