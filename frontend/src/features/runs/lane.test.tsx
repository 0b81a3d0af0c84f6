import { render, screen, waitFor, within } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { beforeEach, describe, expect, it } from "vitest"

import { AskRow } from "@/features/conversation/ask-row"
import { useRoom } from "@/features/conversation/room-context"
import { makeRows } from "@/features/conversation/rows"
import { useRoomView } from "@/lib/use-room"
import { lanes, room, states } from "@/testing/rooms-of-the-pictures"
import { Part } from "@/testing/stage"
import { asked, type Scene } from "@/testing/stage-server"

function Asked() {
  const { store } = useRoom()
  const { rows } = makeRows({ view: useRoomView(store), anchor: Infinity, outgoing: [], unread: null })
  return rows.map((row) => row.kind === "ask" && <AskRow key={row.key} row={row} />)
}

async function show(scene: Scene, change: { canWrite?: boolean; capacity?: number } = {}) {
  scene.detail.can_write = change.canWrite ?? true
  render(
    <Part scene={scene} capacity={change.capacity ?? 4} isPhone={change.capacity === 1}>
      <Asked />
    </Part>,
  )
  await screen.findAllByRole("article")
}
const lane = (question: number, letter: string) => {
  const section = screen.getAllByRole("region")[question]
  if (!section) throw new Error("no such question")
  return within(section).getByRole("article", { name: new RegExp(`^Lane ${letter},`) })
}

describe("a lane", () => {
  beforeEach(() => {
    asked.length = 0
  })

  it("says how it stands, from asked to answered", async () => {
    await show(states("t1"))
    expect(lane(0, "A")).toHaveTextContent("third in linefour at once is this provider’s limitStarts by itself.")
    expect(lane(0, "B")).toHaveTextContent("asked, no word yet")
    expect(lane(0, "C")).toHaveTextContent("0.81 s first about 12 tokens so far")
    expect(within(lane(0, "C")).getByRole("button", { name: "Stop Gemini 3 Pro" })).toBeInTheDocument()
    expect(lane(0, "D")).toHaveTextContent("0.09 s first 31 tok/s 96 tokens free")
    expect(lane(2, "A")).toHaveTextContent("thinking")
  })

  it("says what happened when it did not go to plan, and what can be done", async () => {
    await show(states("t2"))
    expect(lane(1, "A")).toHaveTextContent("stopped by Bob")
    expect(within(lane(1, "A")).getByRole("button", { name: "Start again" })).toBeInTheDocument()
    expect(lane(1, "B")).toHaveTextContent(/again in \d+ s/)
    expect(lane(1, "B")).toHaveTextContent("Claude is at its limit for this minute.")
    expect(lane(1, "C")).toHaveTextContent("not answeredafter three tries, 14 s")
    expect(lane(1, "C")).toHaveTextContent("Gemini refuses the key.An admin can put a new one under Settings, Models.")
    expect(within(lane(1, "C")).queryByRole("button", { name: "Try again" })).toBeNull()
    expect(lane(1, "D")).toHaveTextContent("finished, second try")
    expect(lane(2, "B")).toHaveTextContent("The answer broke off after nine words. The words are kept.")
  })

  it("shows what was cut off, struck, when it is asked for", async () => {
    const user = userEvent.setup()
    await show(states("t3"))
    const show_ = within(lane(1, "D")).getByRole("button", { name: /^cut off at .*, show$/ })
    expect(lane(1, "D").querySelector("del")).toHaveTextContent("Use a lock in the table,")
    await user.click(show_)
    expect(lane(1, "D").querySelector("del")).toHaveTextContent("Use a lock in the table, and wait for it until it is free")
  })

  it("does what its buttons say", async () => {
    const user = userEvent.setup()
    await show(states("t4"))
    await user.click(within(lane(0, "C")).getByRole("button", { name: "Stop Gemini 3 Pro" }))
    await user.click(within(lane(1, "B")).getByRole("button", { name: "Try now" }))
    await user.click(within(lane(0, "D")).getByRole("button", { name: "Regenerate" }))
    await user.click(within(lane(1, "C")).getByRole("button", { name: "Ask another model" }))
    await user.click(await screen.findByRole("menuitem", { name: /Qwen3 32B/ }))
    await waitFor(() => expect(asked).toHaveLength(4))
    expect(asked.map(({ path, body }) => [path.replace(/t4-turn-/, ""), body])).toEqual([
      ["/turns/2-2/cancel", {}],
      ["/turns/4-1/try-now", {}],
      ["/turns/2-3/again", {}],
      ["/turns/4-2/again", { model_id: "m:5" }],
    ])
  })

  it("shows its siblings; another one than the room's is this person's alone, until it is used for all", async () => {
    const user = userEvent.setup()
    await show(room("t5"))
    const a = lane(0, "A")
    expect(within(a).getByRole("group", { name: "Answer 2 of 3" })).toBeInTheDocument()
    await user.click(within(a).getByRole("button", { name: "Next answer" }))
    expect(a).toHaveTextContent("One more.")
    expect(a).toHaveTextContent("you see 3, the room has 2 · Use for all")
    await user.click(within(a).getByRole("button", { name: "Use for all" }))
    await waitFor(() => expect(asked).toHaveLength(2))
    expect(asked.map((one) => one.body)).toEqual([
      { branch_id: "t5-main", seq: 5, lane: 0, variant: 4, for: "me" },
      { branch_id: "t5-main", seq: 5, lane: 0, variant: 4, for: "room" },
    ])
  })

  it("lets a viewer read, and nothing else", async () => {
    await show(states("t6"), { canWrite: false })
    for (const name of ["Regenerate", "Start again", "Try now", "Ask another model", "Branch from here", "Stop all", /^Stop/]) {
      expect(screen.queryByRole("button", { name })).toBeNull()
    }
    expect(screen.getAllByRole("button", { name: "Copy" }).length).toBeGreaterThan(0)
    expect(screen.getAllByRole("button", { name: /^What did/ }).length).toBeGreaterThan(0)
  })

  it("has a tab with its name only while it is looked at, where there are many on a phone", async () => {
    const user = userEvent.setup()
    await show(lanes("t8"), { capacity: 1 })
    const tabs = screen.getAllByRole("tab")
    expect(tabs).toHaveLength(6)
    const named = () => screen.getAllByRole("tab").filter((tab) => tab.querySelector(".cut")).map((tab) => tab.getAttribute("aria-selected"))
    expect(named()).toEqual(["true"])
    const last = tabs[5]
    if (last) await user.click(last)
    expect(named()).toEqual(["true"])
    expect(last).toHaveAttribute("aria-selected", "true")
    for (const tab of tabs) expect(tab).toHaveAccessibleName(/\w/)
  })

  it("is chosen by its tab on a phone", async () => {
    const user = userEvent.setup()
    await show(room("t7"), { capacity: 1 })
    const tabs = screen.getAllByRole("tab")
    expect(tabs.map((tab) => tab.textContent)).toEqual(["GPT-5.1", "Claude", expect.stringMatching(/^Gemini\d+ s$/)])
    expect(tabs[1]).toHaveAttribute("aria-selected", "true") // the first one that writes
    await user.click(tabs[0] as HTMLElement)
    expect(screen.getAllByRole("tab")[0]).toHaveAttribute("aria-selected", "true")
    await user.keyboard("{ArrowLeft}")
    expect(screen.getAllByRole("tab")[2]).toHaveFocus()
    expect(screen.getAllByRole("tab").map((tab) => tab.tabIndex)).toEqual([-1, -1, 0])
    await user.keyboard("{Home}{ArrowRight}")
    expect(screen.getAllByRole("tab")[1]).toHaveAttribute("aria-selected", "true")
  })

  it("stops all that still write, and says what they cost together", async () => {
    const user = userEvent.setup()
    await show(room("t8"))
    expect(screen.getByText(/^1 of 3 finished · .* · \$0\.054 so far$/)).toBeInTheDocument()
    await user.click(screen.getByRole("button", { name: "Stop all" }))
    await waitFor(() => expect(asked.map((one) => one.path)).toEqual(["/runs/t8-run-4/cancel"]))
  })
})
