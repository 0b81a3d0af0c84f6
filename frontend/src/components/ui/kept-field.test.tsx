import { render, screen } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { expect, it, vi } from "vitest"

import { KeptField } from "@/components/ui/kept-field"

const keep = vi.fn((value: string) => (value === "taken" ? Promise.reject(new Error("Somebody has it.")) : Promise.resolve()))
const field = (change: Partial<Parameters<typeof KeptField>[0]> = {}) => (
  <KeptField label="Name" value="Alice" maxLength={80} onKeep={keep} wordsOf={(error) => (error as Error).message} {...change} />
)

it("keeps what was written when the field is left, and says so", async () => {
  keep.mockClear()
  render(field())
  await userEvent.clear(screen.getByLabelText("Name"))
  await userEvent.type(screen.getByLabelText("Name"), " Alice Nordby ")
  await userEvent.tab()
  expect(keep).toHaveBeenCalledExactlyOnceWith("Alice Nordby")
  expect(await screen.findByText("Name kept.")).toBeVisible()
})

it("asks nobody when nothing changed, or when nothing is left of it", async () => {
  keep.mockClear()
  render(field())
  await userEvent.click(screen.getByLabelText("Name"))
  await userEvent.tab()
  await userEvent.clear(screen.getByLabelText("Name"))
  await userEvent.tab()
  expect(keep).not.toHaveBeenCalled()
  expect(screen.getByLabelText("Name")).toHaveValue("Alice")
})

it("takes back with Esc", async () => {
  keep.mockClear()
  render(field())
  await userEvent.type(screen.getByLabelText("Name"), "xyz{Escape}")
  expect(screen.getByLabelText("Name")).toHaveValue("Alice")
  expect(keep).not.toHaveBeenCalled()
})

it("says why it was refused, and leaves what was written to be mended", async () => {
  render(field())
  await userEvent.clear(screen.getByLabelText("Name"))
  await userEvent.type(screen.getByLabelText("Name"), "taken{Enter}")
  expect(await screen.findByRole("alert")).toHaveTextContent("Somebody has it.")
  expect(screen.getByLabelText("Name")).toHaveValue("taken")
})

it("leaves what is written while it is being kept", async () => {
  let answer = () => {}
  render(field({ onKeep: () => new Promise<void>((resolve) => (answer = resolve)) }))
  const name = screen.getByLabelText("Name")
  await userEvent.type(name, " Nordby{Enter}")
  await userEvent.type(name, ", too")
  answer()
  expect(await screen.findByText("Name kept.")).toBeVisible()
  expect(name).toHaveValue("Alice Nordby, too")
})
