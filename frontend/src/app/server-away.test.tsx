import { act, screen } from "@testing-library/react"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

import { ServerAway } from "@/app/server-away"
import { ApiError } from "@/lib/api"
import { fakeServer, Refusal } from "@/testing/fake-server"
import { show } from "@/testing/show"

const busy = new Refusal(503, "unavailable", "The database does not answer.")
const page = <ServerAway error={new ApiError(503, "unavailable", "The database does not answer.")} reset={() => undefined} />
const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms))

describe("a server that is away", () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  it("is said to be starting, also where each try puts the page away and back", async () => {
    fakeServer({ "GET /server": busy })
    const first = await show(page)
    await pass(1000)
    expect(screen.queryByText("The server is starting.")).toBeNull()
    first.unmount()
    await show(page)
    await pass(1000)
    expect(screen.getByText("The server is starting.")).toBeInTheDocument()
    await pass(120_000)
    expect(screen.getByText("The server does not answer.")).toBeInTheDocument()
  })
})
