import { render, screen } from "@testing-library/react"
import userEvent from "@testing-library/user-event"
import { expect, it } from "vitest"

import { useDraft } from "@/features/conversation/composer/use-draft"

function Field({ threadId }: { threadId: string }) {
  const [text, setText] = useDraft(threadId)
  return <input aria-label="field" value={text} onChange={(event) => setText(event.target.value)} />
}

it("keeps what was written when the field moves to another place of the page", async () => {
  const { rerender } = render(<Field key="below" threadId="t1" />)
  await userEvent.type(screen.getByLabelText("field"), "half a quest")
  rerender(<Field key="middle" threadId="t1" />)
  expect(screen.getByLabelText("field")).toHaveValue("half a quest")
})

it("leaves alone what another tab has begun", () => {
  const { unmount } = render(<Field threadId="t4" />)
  localStorage.setItem("parley.draft.t4", "begun in another tab")
  unmount()
  expect(localStorage.getItem("parley.draft.t4")).toBe("begun in another tab")
})

it("keeps each thread's own, and forgets what was sent", async () => {
  const { rerender, unmount } = render(<Field key="a" threadId="t2" />)
  await userEvent.type(screen.getByLabelText("field"), "one")
  rerender(<Field key="b" threadId="t3" />)
  expect(screen.getByLabelText("field")).toHaveValue("")
  rerender(<Field key="c" threadId="t2" />)
  expect(screen.getByLabelText("field")).toHaveValue("one")
  await userEvent.clear(screen.getByLabelText("field"))
  unmount()
  render(<Field threadId="t2" />)
  expect(screen.getByLabelText("field")).toHaveValue("")
})
