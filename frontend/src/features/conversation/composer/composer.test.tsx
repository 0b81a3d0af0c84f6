import { act, render, screen, waitFor, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { beforeEach, describe, expect, it, vi } from "vitest"

import { Composer } from "@/features/conversation/composer/composer"
import { useRoom } from "@/features/conversation/room-context"
import { getOutgoing, removeOutgoing } from "@/lib/outgoing"
import { useStore } from "@/lib/store"
import { empty, room, talk } from "@/testing/rooms-of-the-pictures"
import { Part } from "@/testing/stage"
import { asked, type Scene } from "@/testing/stage-server"

function Editing() {
  return <output aria-label="editing">{useStore(useRoom().ui).editing}</output>
}

async function show(scene: Scene) {
  render(
    <Part scene={scene}>
      <Composer thread={scene.detail.thread} />
      <Editing />
    </Part>,
  )
  await screen.findByLabelText("editing")
}
const field = () => screen.getByRole("textbox", { name: "Message" })

describe("the composer", () => {
  beforeEach(() => {
    asked.length = 0
    for (const one of getOutgoing()) removeOutgoing(one.client_id)
  })

  it("sends with Enter what everybody of the line-up is asked, and makes a line with Shift", async () => {
    const user = userEvent.setup()
    await show(room("c1"))
    await user.type(field(), "One{Shift>}{Enter}{/Shift}two{Enter}")
    expect(getOutgoing()).toMatchObject([{ body: "One\ntwo", mode: "ask", models: ["m:1", "m:2", "m:3"], thread_id: "c1", branch_id: "c1-main", user_id: "alice", state: "sending", after_seq: 5 }])
    expect(field()).toHaveValue("")
  })

  it("gives the words back when no branch could be made for them", async () => {
    const user = userEvent.setup()
    await show(room("c23"))
    vi.spyOn(window, "fetch").mockResolvedValueOnce(new Response(JSON.stringify({ status: 403, code: "archived", detail: "It is archived." }), { status: 403, headers: { "Content-Type": "application/problem+json" } }))
    await user.type(field(), "Elsewhere, then?{Control>}{Enter}{/Control}")
    await waitFor(() => expect(field()).toHaveValue("Elsewhere, then?"))
    expect(getOutgoing()).toEqual([])
  })

  it("sends nothing that is empty", async () => {
    const user = userEvent.setup()
    await show(room("c2"))
    await user.type(field(), "  {Enter}")
    expect(getOutgoing()).toEqual([])
  })

  it("keeps the picked mode and the words when the empty room's composer gives way to the one below", async () => {
    const user = userEvent.setup()
    const scene = empty("c20")
    const { rerender } = render(<Part scene={scene}><Composer key="alone" thread={scene.detail.thread} isAlone /></Part>)
    await user.click(await screen.findByRole("radio", { name: "Debate" }))
    await user.type(field(), "Boats or trains?")
    rerender(<Part scene={scene}><Composer key="below" thread={scene.detail.thread} /></Part>)
    expect(screen.getByRole("radio", { name: "Debate" })).toBeChecked()
    expect(field()).toHaveValue("Boats or trains?")
  })

  it("says nothing of models before they are known, and leaves it to the server who answers", async () => {
    const user = userEvent.setup()
    await show({ ...room("c21"), models: [], areModelsKnown: false })
    expect(screen.queryByText(/has added a model|No model answers/)).toBeNull()
    await user.type(field(), "Who answers?{Enter}")
    expect(getOutgoing()).toMatchObject([{ body: "Who answers?", mode: "ask", models: null }])
  })

  it("says that a model answers alone only where it would", async () => {
    const user = userEvent.setup()
    await show(room("c22"))
    await user.type(field(), "@")
    expect(screen.getAllByText("answers alone").length).toBeGreaterThan(0)
    await user.clear(field())
    await user.click(screen.getByRole("radio", { name: "Talk" }))
    await user.type(field(), "@")
    expect(screen.getByRole("listbox", { name: "People and models" })).toBeVisible()
    expect(screen.queryByText("answers alone")).toBeNull()
  })

  it("asks only whom the text names", async () => {
    const user = userEvent.setup()
    await show(room("c3"))
    await user.type(field(), "@cla")
    const list = screen.getByRole("listbox")
    expect(within(list).getAllByRole("option").map((one) => one.textContent)).toEqual(["Claude Sonnet 4.5answers alone"])
    await user.keyboard("{Enter}what now?{Enter}")
    expect(getOutgoing()).toMatchObject([{ body: "@Claude Sonnet 4.5 what now?", models: ["m:2"] }])
  })

  it("walks the names with the arrows and leaves them with Escape", async () => {
    const user = userEvent.setup()
    await show(room("c4"))
    await user.type(field(), "@")
    expect(screen.getAllByRole("option")[0]).toHaveAttribute("aria-selected", "true")
    await user.keyboard("{ArrowDown}")
    expect(screen.getAllByRole("option")[1]).toHaveAttribute("aria-selected", "true")
    await user.keyboard("{Escape}")
    expect(screen.queryByRole("listbox")).toBeNull()
    expect(field()).toHaveValue("@")
  })

  it("talks to people only, or lets models talk it over", async () => {
    const user = userEvent.setup()
    await show(room("c5"))
    await user.click(screen.getByRole("radio", { name: "Talk" }))
    await user.type(field(), "Hello{Enter}")
    await user.click(screen.getByRole("radio", { name: "Debate" }))
    await user.click(screen.getByRole("button", { name: "One round more" }))
    expect(screen.getByText("nine turns, one after the other; each reads all that was said")).toBeInTheDocument()
    await user.type(field(), "Is it so?{Enter}")
    expect(getOutgoing()).toMatchObject([{ mode: "talk", models: null }, { mode: "debate", models: ["m:1", "m:2", "m:3"], rounds: 3 }])
  })

  it("changes who answers for everybody, and the order in which they speak", async () => {
    const user = userEvent.setup()
    await show(room("c6"))
    await user.click(screen.getByRole("button", { name: "Change who answers" }))
    await user.click(await screen.findByRole("checkbox", { name: "Qwen3 32B answers" }))
    expect(asked.at(-1)).toEqual({ method: "PUT", path: "/threads/c6/line-up", body: { models: ["m:1", "m:2", "m:3", "m:5"] } })
    await user.keyboard("{Escape}")
    await user.click(screen.getByRole("radio", { name: "Debate" }))
    await user.click(screen.getByRole("button", { name: "Claude Sonnet 4.5, speaks second" }))
    await user.click(await screen.findByRole("menuitem", { name: "Speak earlier" }))
    expect(asked.at(-1)?.body).toEqual({ models: ["m:2", "m:1", "m:3"] })
  })

  it("says before it is chosen that a model is busy, and what a demo model is", async () => {
    const user = userEvent.setup()
    await show(room("c7"))
    await user.click(screen.getByRole("button", { name: "Change who answers" }))
    const table = await screen.findByRole("table")
    expect(table).toHaveTextContent("Gemini 3 Probusy")
    expect(table).toHaveTextContent("SmolLM2a small demo model: quick, and often wrong")
  })

  it("opens the picker instead of asking nobody", async () => {
    const user = userEvent.setup()
    const scene = room("c8")
    scene.detail.thread.line_up = []
    await show(scene)
    await user.type(field(), "Hello?{Enter}")
    expect(getOutgoing()).toEqual([])
    expect(await screen.findByRole("table")).toBeInTheDocument()
  })

  it("goes back to one's last message with the arrow up", async () => {
    const user = userEvent.setup()
    await show(room("c9"))
    await user.click(field())
    await user.keyboard("{ArrowUp}")
    expect(screen.getByLabelText("editing")).toHaveTextContent("c9-4-0")
  })

  it("keeps a draft through a reload, each thread its own", async () => {
    const user = userEvent.setup()
    await show(room("c10"))
    await user.type(field(), "half a thought")
    act(() => void dispatchEvent(new Event("pagehide")))
    expect(localStorage.getItem("parley.draft.c10.alice")).toBe("half a thought")
  })

  it("says when a message is too long, and does not send it", async () => {
    const user = userEvent.setup()
    await show(room("c11"))
    act(() => field().focus())
    await user.paste("x".repeat(262_145))
    expect(screen.getByText("The message is 257 KB; 256 KB is the most.")).toBeInTheDocument()
    await user.keyboard("{Enter}")
    expect(getOutgoing()).toEqual([])
  })

  it("puts what is said during a talk before the next turn", async () => {
    const user = userEvent.setup()
    await show(talk(false, "c12"))
    expect(field()).toHaveAttribute("placeholder", "Say something; it goes in before Gemini 3 Pro’s turn")
    expect(screen.getByText("Round 2 of 3")).toBeInTheDocument()
    await user.type(field(), "And children?{Enter}")
    expect(getOutgoing()).toMatchObject([{ mode: "talk" }])
    await user.click(screen.getByRole("button", { name: "Stop" }))
    await waitFor(() => expect(asked.at(-1)?.path).toBe("/runs/c12-talk/cancel"))
  })

  it("is a line for who may only read, and says so where no model answers", async () => {
    const scene = room("c13")
    scene.detail.can_write = false
    await show(scene)
    expect(await screen.findByText("You can read here. Ask Carol to let you write.")).toBeInTheDocument()
    expect(screen.queryByRole("textbox")).toBeNull()
  })

  it("of an archived thread is the way to bring it back", async () => {
    const user = userEvent.setup()
    const scene = room("c-archived")
    await show({ ...scene, detail: { ...scene.detail, can_write: false, thread: { ...scene.detail.thread, archived_at: scene.detail.thread.created_at } } })
    await user.click(await screen.findByRole("button", { name: "Bring it back" }))
    await waitFor(() => expect(asked).toContainEqual({ method: "PATCH", path: "/threads/c-archived", body: { is_archived: false } }))
  })

  it("talks where there is no model, and tells who can add one", async () => {
    const user = userEvent.setup()
    const scene = empty("c14")
    scene.models = []
    await show(scene)
    expect(await screen.findByRole("link", { name: "Add a model" })).toBeInTheDocument()
    await user.type(field(), "Anybody?{Enter}")
    expect(getOutgoing()).toMatchObject([{ mode: "talk", models: null }])
  })
})
