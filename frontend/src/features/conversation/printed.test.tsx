import { act, render, screen } from "@testing-library/react"
import { describe, expect, it } from "vitest"

import { Printed } from "@/features/conversation/printed"
import { useRoom } from "@/features/conversation/room-context"
import { room } from "@/testing/rooms-of-the-pictures"
import { Part } from "@/testing/stage"

function Capacity() {
  const { capacity, isPhone } = useRoom()
  return <p>{`${capacity} columns, ${isPhone ? "a phone" : "no phone"}`}</p>
}

describe("the conversation on paper", () => {
  it("is in the page while it is printed, and only then", async () => {
    render(
      <Part scene={room()}>
        <Printed>
          <Capacity />
        </Printed>
        <output aria-label="drawn" />
      </Part>,
    )
    await screen.findByLabelText("drawn")
    expect(screen.queryByText(/columns/)).toBeNull()
    act(() => void dispatchEvent(new Event("beforeprint")))
    expect(screen.getByText("2 columns, no phone")).toBeInTheDocument()
    act(() => void dispatchEvent(new Event("afterprint")))
    expect(screen.queryByText(/columns/)).toBeNull()
  })
})
