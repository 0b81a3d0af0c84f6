import { screen, waitFor } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { describe, expect, it } from "vitest"

import InviteSheet from "@/features/projects/invite-sheet"
import { ferryline } from "@/testing/cast"
import { fakeServer, type Asked } from "@/testing/fake-server"
import { show } from "@/testing/show"

const made = { id: "i", role: "viewer", note: "Printers", created_by: "Alice", created_at: "2026-11-21T10:00:00Z", expires_at: "2026-11-22T10:00:00Z", max_uses: 3, used_count: 0, state: "open", link: "https://here/join#secret" }

describe("inviting", () => {
  it("makes a link that is shown once and never an owner", async () => {
    const asked = fakeServer({ "POST /projects/ferryline/invites": ({ body }: Asked) => ({ ...made, ...(body as object) }) })
    await show(<InviteSheet project={ferryline} onClose={() => undefined} />)
    const note = await screen.findByRole("textbox", { name: "For whom" })
    await waitFor(() => expect(note).toHaveFocus())
    expect(screen.queryByRole("option", { name: /Owner/ })).toBeNull()
    await userEvent.type(screen.getByRole("textbox", { name: "For whom" }), "Printers")
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "It gives" }), "viewer")
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Expires" }), "1")
    const uses = screen.getByRole("textbox", { name: "Works for" })
    await userEvent.clear(uses)
    await userEvent.type(uses, "3")
    await userEvent.click(screen.getByRole("button", { name: "Make the link" }))
    expect(await screen.findByRole("textbox", { name: "The link" })).toHaveValue("https://here/join#secret")
    expect(screen.getByText("in one day")).toBeVisible()
    expect(asked[0]?.body).toEqual({ note: "Printers", role: "viewer", days: 1, max_uses: 3 })
    await userEvent.click(screen.getByRole("button", { name: "Another link" }))
    expect(screen.queryByDisplayValue(/secret/)).toBeNull()
  })

  it("says what is wrong before the server is asked", async () => {
    const asked = fakeServer({})
    await show(<InviteSheet project={ferryline} onClose={() => undefined} />)
    const uses = await screen.findByRole("textbox", { name: "Works for" })
    await userEvent.clear(uses)
    await userEvent.type(uses, "0")
    await userEvent.click(screen.getByRole("button", { name: "Make the link" }))
    expect(await screen.findByText("Once at least.")).toBeVisible()
    expect(uses).toHaveAccessibleDescription("Once at least.")
    expect(asked).toEqual([])
  })
})
