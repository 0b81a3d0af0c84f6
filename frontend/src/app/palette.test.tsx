import { fireEvent, screen, waitFor } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { expect, it, vi } from "vitest"

import Palette from "@/app/palette"
import { useShortcuts } from "@/lib/shortcuts"
import { ferryline } from "@/testing/cast"
import { fakeServer } from "@/testing/fake-server"
import { show } from "@/testing/show"

const run = vi.fn()
const onClose = vi.fn()

function WithKeys() {
  useShortcuts([
    { keys: "c", label: "New thread", group: "Threads", run },
    { keys: "mod+\\", label: "Thread list", group: "Everywhere", run: () => undefined },
  ])
  return <Palette projectId="ferryline" onClose={onClose} />
}

it("does what is found, by keyboard alone", async () => {
  fakeServer({ "GET /projects": [ferryline] })
  await show(<WithKeys />)
  const field = screen.getByRole("combobox", { name: "Find or do anything" })
  await waitFor(() => expect(field).toHaveFocus())
  await userEvent.type(field, "thread")
  await userEvent.keyboard("{ArrowDown}{ArrowUp}")
  expect(screen.getByRole("option", { selected: true })).toHaveTextContent("Thread list")
  await userEvent.keyboard("{ArrowDown}")
  const chosen = screen.getByRole("option", { selected: true })
  expect(chosen).toHaveTextContent("New thread")
  expect(field).toHaveAttribute("aria-activedescendant", chosen.id)
  await userEvent.keyboard("{Enter}")
  await waitFor(() => expect(run).toHaveBeenCalledOnce())
  expect(onClose).toHaveBeenCalled()
})

it("goes to a place", async () => {
  fakeServer({ "GET /projects": [ferryline, { ...ferryline, id: "harbour", name: "Harbour lab" }] })
  const { path } = await show(<WithKeys />)
  await userEvent.type(screen.getByRole("combobox"), "harb")
  await userEvent.click(await screen.findByRole("option", { name: /Harbour lab/ }))
  await waitFor(() => expect(path()).toBe("/p/harbour"))
})

it("says when nothing is called so", async () => {
  fakeServer({ "GET /projects": [ferryline] })
  await show(<WithKeys />)
  await userEvent.type(screen.getByRole("combobox"), "qqqq")
  expect(screen.getByText("Nothing is called “qqqq”.")).toBeVisible()
  expect(screen.queryAllByRole("option")).toEqual([])
})

it("leaves Enter to whoever is still composing a word", async () => {
  fakeServer({ "GET /projects": [ferryline] })
  run.mockClear()
  onClose.mockClear()
  await show(<WithKeys />)
  const field = screen.getByRole("combobox")
  await userEvent.type(field, "thread")
  fireEvent.keyDown(field, { key: "Enter", isComposing: true })
  expect(onClose).not.toHaveBeenCalled()
})
