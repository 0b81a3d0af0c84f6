import { fireEvent, render, screen, waitFor, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { beforeEach, describe, expect, it } from "vitest"

import { useRoom } from "@/features/conversation/room-context"
import { RowView } from "@/features/conversation/row-view"
import { makeRows } from "@/features/conversation/rows"
import { addOutgoing, getOutgoing, type Outgoing, removeOutgoing, useOutgoing } from "@/lib/outgoing"
import { useStore } from "@/lib/store"
import { useRoomView } from "@/lib/use-room"
import { history, room, talk } from "@/testing/rooms-of-the-pictures"
import { Part } from "@/testing/stage"
import { asked, type Scene } from "@/testing/stage-server"

function Rows() {
  const { store, ui, threadId } = useRoom()
  const outgoing = useOutgoing().filter((one) => one.thread_id === threadId)
  const { rows } = makeRows({ view: useRoomView(store), anchor: Infinity, outgoing, unread: null })
  const { dialog, replyTo } = useStore(ui)
  return (
    <>
      {rows.map((row) => (
        <RowView key={row.key} row={row} />
      ))}
      <output aria-label="open">{dialog ? `${dialog.kind} ${dialog.message.id}` : replyTo ? `reply ${replyTo.id}` : ""}</output>
    </>
  )
}

async function show(scene: Scene) {
  render(
    <Part scene={scene}>
      <Rows />
    </Part>,
  )
  await screen.findByLabelText("open")
}
const rowOf = (text: string | RegExp) => {
  const row = screen.getByText(text).closest<HTMLElement>("[data-row], [data-outgoing]")
  if (!row) throw new Error("not in a row")
  return row
}

/** By keyboard: the pretended mouse leaves each element it comes from, which no real one does. */
async function press(user: ReturnType<typeof userEvent.setup>, text: string | RegExp, name: string) {
  const row = screen.getByText(text).closest<HTMLElement>(".say")
  if (!row) throw new Error("not in a row")
  fireEvent.focus(row)
  ;(await within(row).findByRole("button", { name })).focus()
  await user.keyboard("{Enter}")
}

describe("a row", () => {
  beforeEach(() => {
    asked.length = 0
    for (const one of getOutgoing()) removeOutgoing(one.client_id)
  })

  it("shows its actions while it is pointed at, and only its own", async () => {
    const user = userEvent.setup()
    await show(history("r1"))
    await user.hover(rowOf(/^I stood at the gate/))
    expect(screen.getAllByRole("toolbar")).toHaveLength(1)
    await user.hover(rowOf(/^Then the question/))
    expect(screen.getAllByRole("toolbar")).toHaveLength(1)
    expect(within(rowOf(/^Then the question/)).getByRole("toolbar")).toBeInTheDocument()
  })

  it("shows them to the keyboard, too", async () => {
    const user = userEvent.setup()
    await show(history("r2"))
    rowOf(/^Then the question/).focus()
    await user.tab()
    expect(within(rowOf(/^Then the question/)).getByRole("button", { name: "Reply" })).toHaveFocus()
    await user.keyboard("{Enter}")
    expect(screen.getByLabelText("open")).toHaveTextContent("reply r2-7-0")
  })

  it("is edited where it stands", async () => {
    const user = userEvent.setup()
    const scene = room("r3")
    await show(scene)
    await press(user, /^Two people tap/, "More")
    await user.click(await screen.findByRole("menuitem", { name: "Edit" }))
    const field = screen.getByRole("textbox", { name: "Edit the message" })
    await user.clear(field)
    await user.type(field, "Two people tap it.{Enter}")
    await waitFor(() => expect(asked).toEqual([{ method: "PATCH", path: "/messages/r3-4-0", body: { body: "Two people tap it.", revision: 1 } }]))
    await waitFor(() => expect(screen.queryByRole("textbox")).toBeNull())
  })

  it("leaves the words alone when the edit is given up", async () => {
    const user = userEvent.setup()
    await show(room("r4"))
    await press(user, /^Two people tap/, "More")
    await user.click(await screen.findByRole("menuitem", { name: "Edit" }))
    await user.keyboard("!{Escape}")
    expect(screen.queryByRole("textbox")).toBeNull()
    expect(asked).toEqual([])
  })

  it("is deleted at once, and comes back by the toast", async () => {
    const user = userEvent.setup()
    await show(room("r5"))
    await press(user, /^Two people tap/, "More")
    await user.click(await screen.findByRole("menuitem", { name: "Delete" }))
    await user.click(await screen.findByRole("button", { name: "Undo" }))
    await waitFor(() => expect(asked.map((one) => `${one.method} ${one.path}`)).toEqual(["DELETE /messages/r5-4-0", "POST /messages/r5-4-0/restore"]))
  })

  it("keeps the place of what was deleted, and says by whom", async () => {
    await show(history("r6"))
    expect(screen.getByText(/^Deleted by Bob/)).toBeInTheDocument()
  })

  it("tells what was edited, and opens its versions", async () => {
    const user = userEvent.setup()
    await show(history("r7"))
    await user.click(screen.getByRole("button", { name: "edited" }))
    expect(screen.getByLabelText("open")).toHaveTextContent("versions r7-4-0")
  })

  it("starts a branch, and a thread from its address", async () => {
    const user = userEvent.setup()
    await show(history("r8"))
    await press(user, /^Then the question/, "Branch from here")
    expect(screen.getByLabelText("open")).toHaveTextContent("branch r8-7-0")
    await press(user, /^Then the question/, "Thread from here")
    await waitFor(() => expect(asked.at(-1)?.body).toEqual({ parent_message_id: "r8-7-0", parent_branch_id: "r8-main", parent_seq: 7, parent_variant: 0 }))
  })

  it("of mine that was not sent says so, is tried again at the end, or goes", async () => {
    const user = userEvent.setup()
    const one: Outgoing = {
      client_id: "o1", user_id: "alice", thread_id: "r9", branch_id: "r9-main", body: "Never mind", mode: "talk", models: null, visibility: null, rounds: 2,
      reply_to: null, written_at: "2025-11-19T16:45:00Z", after_seq: 5, state: "refused", reason: "You can read here.", seq: null,
    }
    addOutgoing(one)
    await show(history("r9"))
    const row = rowOf("Never mind")
    expect(row).toHaveTextContent("Not sent.You can read here.")
    expect(row.compareDocumentPosition(rowOf(/^Deleted by Bob/)) & Node.DOCUMENT_POSITION_FOLLOWING).toBeTruthy()
    await user.click(within(row).getByRole("button", { name: "Try again" }))
    expect(getOutgoing()[0]).toMatchObject({ state: "sending", after_seq: 9 })
    addOutgoing(one)
    await user.click(await within(rowOf("Never mind")).findByRole("button", { name: "Discard" }))
    expect(getOutgoing()).toEqual([])
  })

  it("of a talk says its round, who is next, and why it ended", async () => {
    await show(talk(false, "r10"))
    expect(screen.getAllByRole("separator").map((line) => line.textContent)).toEqual([expect.stringContaining("2025"), "Round 1", "Round 2"])
    expect(screen.getByText(/is next$/)).toHaveTextContent("Gemini 3 Pro is next")
    expect(screen.getByText("before GPT-5.1’s turn")).toBeInTheDocument()
  })

  it("closes a talk with the reason", async () => {
    await show(talk(true, "r11"))
    expect(screen.getByText("Ended after round 3, as Carol asked.").closest("p")).toHaveTextContent("Ended after round 3, as Carol asked. Nine turns, $0.042, 1:45.")
  })
})
