import { screen } from "@testing-library/react"
import { describe, expect, it } from "vitest"

import { NothingHere } from "@/app/nothing-here"
import { alice } from "@/testing/cast"
import { fakeServer } from "@/testing/fake-server"
import { show } from "@/testing/show"

const server = { name: "Parley", version: "0.1.0", has_people: true, is_sign_up_open: false, me: null }

describe("a page that is none", () => {
  it("leads a stranger to the door, and others to where they were", async () => {
    fakeServer({ "GET /server": server })
    const { unmount } = await show(<NothingHere />)
    expect(await screen.findByRole("link", { name: "Sign in" })).toHaveAttribute("href", "/")
    unmount()
    fakeServer({ "GET /server": { ...server, me: alice } })
    await show(<NothingHere />)
    expect(await screen.findByRole("link", { name: "To your last room" })).toBeVisible()
  })
})
