import { screen, waitFor } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { beforeEach, describe, expect, it, vi } from "vitest"

import { dismissToast } from "@/components/ui/toast"
import { PeopleTab } from "@/features/projects/people-tab"
import type { ProjectView } from "@/lib/protocol.gen"
import { ferryline, members, models } from "@/testing/cast"
import { fakeServer, type Asked } from "@/testing/fake-server"
import { show } from "@/testing/show"

function serve(): Asked[] {
  return fakeServer({
    "GET /projects/ferryline/members": members,
    "GET /projects/ferryline/models": models,
    "GET /projects/ferryline/invites": [],
    "PATCH /projects/ferryline/members/bob": ({ body }: Asked) => ({ ...members[1], ...(body as object) }),
    "DELETE /projects/ferryline/members/bob": null,
  })
}
const tab = (project: ProjectView = ferryline) => (
  <PeopleTab project={project} meId="alice" hereIds={new Set(["alice"])} typingIds={new Set()} onlyIds={null} lineUp={["scripted:one"]} onInvite={() => undefined} onChangeLineUp={null} />
)
beforeEach(() => dismissToast())

describe("the people of a project", () => {
  it("are here or away, each with a role, beside the models that answer", async () => {
    serve()
    await show(tab())
    expect(await screen.findByRole("heading", { name: /Here\s*1/ })).toBeVisible()
    expect(screen.getByRole("heading", { name: /Away\s*1/ })).toBeVisible()
    expect(await screen.findByText("One")).toBeVisible()
    expect(screen.getByText("this server")).toBeVisible()
  })

  it("get another role at once, which the toast takes back", async () => {
    const asked = serve()
    await show(tab())
    await userEvent.click(await screen.findByRole("button", { name: "Bob is member, change" }))
    await userEvent.click(await screen.findByRole("menuitemradio", { name: /Viewer/ }))
    expect(await screen.findByRole("button", { name: "Bob is viewer, change" })).toBeVisible()
    await userEvent.click(await screen.findByRole("button", { name: "Undo" }))
    expect(await screen.findByRole("button", { name: "Bob is member, change" })).toBeVisible()
    expect(asked.filter(({ method }) => method === "PATCH").map(({ body }) => body)).toEqual([{ role: "viewer" }, { role: "member" }])
  })

  it("are removed only after a question, whose first answer is to keep them", async () => {
    const asked = serve()
    await show(tab())
    await userEvent.click(await screen.findByRole("button", { name: "Bob is member, change" }))
    await userEvent.click(await screen.findByRole("menuitem", { name: /Remove from Ferryline/ }))
    expect(await screen.findByRole("alertdialog", { name: "Remove Bob from Ferryline?" })).toBeVisible()
    await waitFor(() => expect(screen.getByRole("button", { name: "Keep Bob" })).toHaveFocus())
    expect(asked.some(({ method }) => method === "DELETE")).toBe(false)
    await userEvent.click(screen.getByRole("button", { name: "Remove Bob" }))
    await waitFor(() => expect(asked.some(({ method }) => method === "DELETE")).toBe(true))
    await waitFor(() => expect(screen.queryByText("Bob", { selector: "span" })).toBeNull())
  })

  it("show a member only the words", async () => {
    serve()
    const asMember = { ...ferryline, role: "member", permissions: ["read", "write"] }
    await show(tab(asMember))
    expect(await screen.findByText("member")).toBeVisible()
    expect(screen.queryByRole("button", { name: /change/ })).toBeNull()
    expect(screen.queryByRole("button", { name: "Invite" })).toBeNull()
  })

  it("ask for company when nobody else is there", async () => {
    fakeServer({ "GET /projects/ferryline/members": members.slice(0, 1), "GET /projects/ferryline/models": models, "GET /projects/ferryline/invites": [] })
    const invite = vi.fn()
    await show(<PeopleTab project={ferryline} meId="alice" hereIds={new Set()} typingIds={new Set()} onlyIds={null} lineUp={[]} onInvite={invite} onChangeLineUp={null} />)
    await userEvent.click(await screen.findByRole("button", { name: "Invite somebody" }))
    expect(invite).toHaveBeenCalledOnce()
  })
})
