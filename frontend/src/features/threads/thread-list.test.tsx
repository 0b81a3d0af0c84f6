import { fireEvent, screen, waitFor, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { beforeEach, describe, expect, it, vi } from "vitest"

import { dismissToast } from "@/components/ui/toast"
import { putThread } from "@/features/threads/queries"
import { setLive } from "@/features/threads/signs"
import { ThreadList } from "@/features/threads/thread-list"
import type { ThreadRow } from "@/lib/protocol.gen"
import { detail, models, row, thread } from "@/testing/cast"
import { fakeServer, Refusal, type Asked } from "@/testing/fake-server"
import { show } from "@/testing/show"

// jsdom has no layout: every row is in view.
vi.mock("virtua", () => ({
  Virtualizer: ({ children, as: List = "ul", item: Item = "li" }: { children: React.ReactNode[]; as?: "ul"; item?: "li" }) => (
    <List>{children.map((child, index) => <Item key={index}>{child}</Item>)}</List>
  ),
}))

function serve(rows: ThreadRow[], more: Record<string, unknown> = {}): Asked[] {
  return fakeServer({
    "GET /projects/ferryline/threads": { items: rows, next_cursor: null },
    "GET /projects/ferryline/models": models,
    ...more,
  })
}
const list = (change: Partial<Parameters<typeof ThreadList>[0]> = {}) => (
  <ThreadList
    projectId="ferryline"
    openId={undefined}
    meName="Alice"
    canWrite
    canManage
    hasNotes={false}
    onOpen={() => undefined}
    onPeople={() => undefined}
    onArchived={() => undefined}
    {...change}
  />
)
const names = () => screen.getAllByRole("link").map((link) => link.textContent)
const today = { active_at: new Date().toISOString() }

beforeEach(() => dismissToast())

describe("the thread list", () => {
  it("shows rows with their one sign, and marks the open one", async () => {
    serve([row("Open", today, 2), row("Unread", today, 3), row("Private", { ...today, is_private: true })])
    setLive("Private", [1])
    await show(list({ openId: "Open" }))
    const open = await screen.findByRole("link", { name: "Open" })
    expect(open).toHaveAttribute("aria-current", "page")
    expect(screen.getByRole("link", { name: /^Unread\s*3\s*unread$/ })).toBeVisible()
    expect(within(screen.getByRole("link", { name: /Private/ })).getByRole("img", { name: "writing" })).toBeVisible()
    setLive("Private", [])
  })

  it("shows a new thread at once, and calls one without a name what it is", async () => {
    serve([row("First", today)])
    const { client } = await show(list())
    await screen.findByRole("link", { name: "First" })
    putThread(client, thread("t2", { title: "", active_at: new Date(Date.now() + 1000).toISOString(), head_seq: 0 }))
    await waitFor(() => expect(names()).toEqual(["New thread", "First"]))
  })

  it("renames in place: Enter keeps it, Esc does not", async () => {
    const asked = serve([row("Draft", today)], { "PATCH /threads/Draft": ({ body }: Asked) => detail(thread("Draft", { ...today, title: (body as { title: string }).title })) })
    await show(list())
    const link = await screen.findByRole("link", { name: "Draft" })
    link.focus()
    await userEvent.keyboard("{F2}")
    expect(screen.getByRole("textbox", { name: "Rename Draft" })).toHaveFocus()
    await userEvent.keyboard("Other{Escape}")
    expect(await screen.findByRole("link", { name: "Draft" })).toBeVisible()
    screen.getByRole("link", { name: "Draft" }).focus()
    await userEvent.keyboard("{F2}Final{Enter}")
    expect(await screen.findByRole("link", { name: "Final" })).toBeVisible()
    expect(asked.filter(({ method }) => method === "PATCH")).toEqual([{ method: "PATCH", path: "/threads/Draft", body: { title: "Final" } }])
  })

  it("takes a refused name back and says why", async () => {
    serve([row("Draft", today)], { "PATCH /threads/Draft": new Refusal(403, "forbidden", "Only Bob and admins rename it.") })
    await show(list())
    ;(await screen.findByRole("link", { name: "Draft" })).focus()
    await userEvent.keyboard("{F2}Mine{Enter}")
    expect(await screen.findByText("Only Bob and admins rename it.")).toBeVisible()
    expect(screen.getByRole("link", { name: "Draft" })).toBeVisible()
  })

  it("archives with A, and brings back with Z", async () => {
    const asked = serve([row("Old", today), row("New", today)], { "PATCH /threads/Old": ({ body }: Asked) => detail(thread("Old", { ...today, archived_at: (body as { is_archived: boolean }).is_archived ? "2026-11-21T09:00:00Z" : null })) })
    await show(list())
    ;(await screen.findByRole("link", { name: "Old" })).focus()
    await userEvent.keyboard("a")
    await waitFor(() => expect(names()).toEqual(["New"]))
    expect(await screen.findByText(/Archived/)).toBeVisible()
    fireEvent.keyDown(document.body, { key: "z" })
    await waitFor(() => expect(names()).toContain("Old"))
    expect(asked.filter(({ method }) => method === "PATCH").map(({ body }) => body)).toEqual([{ is_archived: true }, { is_archived: false }])
  })

  it("leaves the open one before it is archived", async () => {
    serve([row("Old", today)], { "PATCH /threads/Old": detail(thread("Old", { archived_at: "2026-11-21T09:00:00Z" })) })
    const left = vi.fn()
    await show(list({ openId: "Old", onArchived: left }))
    ;(await screen.findByRole("link", { name: "Old" })).focus()
    await userEvent.keyboard("a")
    expect(left).toHaveBeenCalledOnce()
  })

  it("marks as unread from the last message on, and as read", async () => {
    const asked = serve([row("Read", today)], { "PUT /threads/Read/read": null })
    await show(list())
    ;(await screen.findByRole("link", { name: "Read" })).focus()
    await userEvent.keyboard("u")
    expect(await screen.findByRole("link", { name: /^Read\s*1\s*unread$/ })).toBeVisible()
    await userEvent.keyboard("u")
    expect(await screen.findByRole("link", { name: "Read" })).toBeVisible()
    expect(asked.filter(({ method }) => method === "PUT").map(({ body }) => body)).toEqual([
      { branch_id: "Read-main", seq: 4, is_back: true },
      { branch_id: "Read-main", seq: 5, is_back: false },
    ])
  })

  it("says who named you and how often, and marks the branch where they did as read, too", async () => {
    const named = { count: 2, by: "Bob", branch_id: "other", seq: 4 }
    const asked = serve([{ ...row("Kept", today), named }], { "PUT /threads/Kept/read": null })
    await show(list({ hasNotes: true }))
    const link = await screen.findByRole("link", { name: /^Kept\s*Bob named you\s*2\s*mentions of you$/ })
    expect(link).toHaveAttribute("href", expect.stringContaining("branch=other"))
    link.focus()
    await userEvent.keyboard("u")
    await waitFor(() => expect(screen.queryByText("Bob named you")).toBeNull())
    await waitFor(() => expect(asked.filter(({ method }) => method === "PUT").map(({ body }) => body)).toEqual([
      { branch_id: "Kept-main", seq: 5, is_back: false },
      { branch_id: "other", seq: 4, is_back: false },
    ]))
  })

  it("has one tab stop, walked by arrows past the headings", async () => {
    serve([row("One", today), row("Two", { active_at: "2020-01-01T00:00:00Z" })])
    await show(list())
    const one = await screen.findByRole("link", { name: "One" })
    expect(screen.getAllByRole("link").map((link) => link.tabIndex)).toEqual([0, -1])
    one.focus()
    await userEvent.keyboard("{ArrowDown}")
    await waitFor(() => expect(screen.getByRole("link", { name: "Two" })).toHaveFocus())
  })

  it("leads from the list itself to the open row, when that one is out of sight", async () => {
    serve([row("One", today), row("Two", today)])
    await show(list({ openId: "Two" }))
    await screen.findByRole("link", { name: "Two" })
    fireEvent.keyDown(screen.getByRole("group", { name: "Threads" }), { key: "ArrowDown" })
    await waitFor(() => expect(screen.getByRole("link", { name: "Two" })).toHaveFocus())
  })

  it("offers a viewer no change", async () => {
    serve([row("Draft", today)])
    await show(list({ canWrite: false }))
    fireEvent.contextMenu(await screen.findByRole("link", { name: "Draft" }))
    expect(await screen.findByRole("menuitem", { name: /Mark as unread/ })).toBeVisible()
    expect(screen.queryByRole("menuitem", { name: /Rename|Archive/ })).toBeNull()
  })

  it("says how to begin where there is nothing", async () => {
    serve([])
    await show(list())
    expect(await screen.findByText(/Threads keep one subject each/)).toBeVisible()
  })

  it("alone on a phone leads to the first thread", async () => {
    serve([])
    await show(list({ hasNotes: true }))
    expect(await screen.findByRole("button", { name: "Start the first thread" })).toBeVisible()
  })
})
