import { act, fireEvent, render, screen } from "@testing-library/react"
import { beforeEach, expect, it, vi } from "vitest"

import { VersionLine } from "@/app/version-line"
import { PROTOCOL_VERSION, type Hello } from "@/lib/protocol.gen"
import { makeStore, useStore } from "@/lib/store"

const hello = (version: string, protocol = PROTOCOL_VERSION) => ({ version, protocol }) as Hello
const line = makeStore<{ hello: Hello | null }>({ hello: null })
vi.mock("@/lib/socket", () => ({ useConnection: () => useStore(line) }))
const greet = (next: Hello) => act(() => line.set({ hello: next }))

beforeEach(() => {
  line.set({ hello: null })
  render(<VersionLine />)
})

it("is silent while the server is the one the page came from", () => {
  greet(hello("0.1.0"))
  greet(hello("0.1.0"))
  expect(screen.queryByRole("status")).toBeNull()
})

it("says that a newer one is there, until it is put away; the next one is said again", () => {
  greet(hello("0.1.0"))
  greet(hello("0.2.0"))
  expect(screen.getByText(/A new version is here/)).toBeVisible()
  fireEvent.click(screen.getByRole("button", { name: "Later" }))
  expect(screen.queryByText(/A new version is here/)).toBeNull()
  greet(hello("0.3.0"))
  expect(screen.getByText(/A new version is here/)).toBeVisible()
})

it("cannot be put away when this page can no longer send", () => {
  greet(hello("1.0.0", PROTOCOL_VERSION + 1))
  expect(screen.getByText(/too old for the server/)).toBeVisible()
  expect(screen.queryByRole("button", { name: "Later" })).toBeNull()
})
