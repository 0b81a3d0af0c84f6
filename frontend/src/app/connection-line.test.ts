import { describe, expect, it } from "vitest"

import { awayFor, noticeOf, offlineWords } from "@/app/connection-line"

const line = (state: Parameters<typeof noticeOf>[0]["state"], since: number | null, ended = "") => ({ state, since, ended })

describe("what is said of the line", () => {
  it.each([
    ["nothing while it holds", line("connected", null), 9000, null],
    ["nothing before it was ever up", line("connecting", null), 9000, null],
    ["nothing for the first 1.5 s", line("reconnecting", 0), 1400, null],
    ["then that it is reconnecting", line("reconnecting", 0), 1500, "reconnecting"],
    ["offline when the machine says so", line("offline", 0), 2000, "offline"],
    ["offline after 20 s of trying", line("reconnecting", 0), 20_000, "offline"],
    ["that there are too many tabs", line("ended", null, "too_many_sockets"), 0, "too_many"],
    ["nothing when somebody signed out: the door says it", line("ended", null, "signed_out"), 0, null],
  ] as const)("%s", (_, connection, now, notice) => expect(noticeOf(connection, now)).toBe(notice))

  it("does not count before there is something to count", () => {
    expect(offlineWords(2_000)).toBe("Offline. You can read and write; it is sent when the line is back.")
    expect(offlineWords(22_000)).toBe("Offline for 20 seconds.")
  })

  it("says how long in round words", () => {
    expect([awayFor(22_000), awayFor(61_000), awayFor(130_000), awayFor(3_700_000)]).toEqual(["20 seconds", "one minute", "two minutes", "one hour"])
  })
})
