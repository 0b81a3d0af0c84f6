import { describe, expect, it } from "vitest"

import { makeRows, type Row, type RowsInput } from "@/features/conversation/rows"
import type { Outgoing } from "@/lib/outgoing"
import type { Message, RunView } from "@/lib/protocol"
import { answer, bob, question, run, said } from "@/testing/make"

const view = (messages: Message[], runs: RunView[] = [], segments = [{ from: 0, to: Infinity }]): RowsInput["view"] => ({
  messages: new Map(messages.map((message) => [message.id, message])),
  segments,
  choices: new Map(),
  runs: new Map(runs.map((one) => [one.id, one])),
})
const rows = (messages: Message[], more: Partial<RowsInput> & { runs?: RunView[] } = {}) =>
  makeRows({ view: view(messages, more.runs), anchor: Infinity, outgoing: [], unread: null, ...more }).rows
const told = (list: readonly Row[]) =>
  list
    .filter((row) => row.kind !== "day")
    .map((row) => {
      if (row.kind === "say") return `${row.isMore ? "+" : ""}${row.message.body}${row.before ? ` (before ${row.before})` : ""}`
      if (row.kind === "ask") return `? ${row.question?.body ?? "-"} ${row.lanes.map((lane) => lane.shown.body).join("|")}`.trim()
      if (row.kind === "round") return `Round ${row.round}`
      if (row.kind === "outgoing") return `> ${row.outgoing.body}`
      return row.kind
    })
const at = (minute: number) => ({ created_at: `2025-11-21T14:${String(minute).padStart(2, "0")}:00Z` })
const byBob = { author: { kind: "person" as const, id: bob.id, name: bob.name } }
const turn = (seq: number, round: number, body: string, change: Partial<Message> = {}) =>
  answer(seq, 0, body, { run_id: "talk", meta: { run_kind: "in_turn", round }, ...change })
const mine = (change: Partial<Outgoing>): Outgoing => ({
  client_id: "c", user_id: "alice", thread_id: "t", branch_id: "b", body: "mine", mode: "talk", models: null, visibility: null, rounds: 2,
  reply_to: null, written_at: at(0).created_at, after_seq: 0, state: "sending", reason: "", seq: null, ...change,
})

describe("rows", () => {
  it("put the answers under their question, side by side", () => {
    const list = rows([question(1, "Who?", ["m:1", "m:2"]), answer(2, 0, "A"), answer(2, 1, "B"), said(3, "Thanks")])
    expect(told(list)).toEqual(["? Who? A|B", "Thanks"])
  })

  it("make one answer an ordinary row under the headline", () => {
    const list = rows([question(1, "Who?", ["m:1"]), answer(2, 0, "A")])
    expect(told(list)).toEqual(["? Who?", "A"])
    expect(list.at(-1)).toMatchObject({ kind: "say", isAnswer: true })
  })

  it("leave a question to one model by name an ordinary row", () => {
    const list = rows([question(1, "@Claude what do these share?", ["m:1"]), answer(2, 0, "A")])
    expect(told(list)).toEqual(["@Claude what do these share?", "A"])
    expect(list.at(-1)).toMatchObject({ isAnswer: false })
  })

  it("join what one person says within five minutes", () => {
    const list = rows([said(1, "a", at(0)), said(2, "b", at(4)), said(3, "c", at(10)), said(4, "d", { ...at(11), ...byBob }), said(5, "e", at(12)), said(6, "", { ...at(13), state: "deleted" }), said(7, "g", at(13))])
    expect(told(list)).toEqual(["a", "+b", "c", "d", "e", "", "g"])
  })

  it("draw a line where a day begins, and where what is new does", () => {
    const list = rows([said(1, "a", { created_at: "2025-11-19T12:00:00" }), said(2, "b", { created_at: "2025-11-20T12:00:00", ...byBob }), said(3, "c", { created_at: "2025-11-20T12:01:00", ...byBob })], {
      unread: { seq: 1, at: "2025-11-19T13:00:00", myId: "alice", count: 2 },
    })
    expect(list.map((row) => row.kind)).toEqual(["day", "say", "day", "unread", "say", "say"])
    expect(list[3]).toMatchObject({ count: 2, since: "2025-11-19T13:00:00" })
  })

  it("do not call my own words new", () => {
    expect(rows([said(1, "a"), said(2, "b")], { unread: { seq: 1, at: null, myId: "alice", count: 1 } }).some((row) => row.kind === "unread")).toBe(false)
  })

  it("tell a talk by rounds, who came in between, and why it ended", () => {
    const start = said(1, "Discuss", { run_id: "talk", meta: { run_kind: "in_turn", asked: ["m:1", "m:2"] } })
    const list = [start, turn(2, 1, "A1"), turn(3, 1, "B1"), said(4, "Children?", byBob), turn(5, 2, "A2"), turn(6, 2, "B2")]
    const ended = run({ id: "talk", kind: "in_turn", state: "done", reason: "Ended after round 2, as Carol asked." })
    expect(told(rows(list, { runs: [ended] }))).toEqual(["? Discuss", "Round 1", "A1", "B1", "Children? (before Model 1)", "Round 2", "A2", "B2", "ended"])
    expect(told(rows([...list, said(7, "Thanks")], { runs: [ended] }))).toEqual(["? Discuss", "Round 1", "A1", "B1", "Children? (before Model 1)", "Round 2", "A2", "B2", "ended", "Thanks"])
  })

  it("say who is next while models talk", () => {
    const going = run({ id: "talk", kind: "in_turn", state: "running", next_model_id: "m:2" })
    expect(told(rows([turn(1, 1, "A1", { state: "streaming" })], { runs: [going] }))).toEqual(["Round 1", "A1", "next"])
  })

  it("keep my unsent words where I wrote them, and those on their way at the end", () => {
    const outgoing = [mine({ client_id: "1", body: "refused", state: "refused", after_seq: 1 }), mine({ client_id: "2", body: "going", after_seq: 1 })]
    expect(told(rows([said(1, "a"), said(2, "b", byBob)], { outgoing }))).toEqual(["a", "> refused", "b", "> going"])
  })

  it("show one run of places, and hold back answers whose question is not here yet", () => {
    const messages = [said(5, "old"), answer(50, 0, "A"), answer(50, 1, "B"), said(51, "new")]
    const both = view(messages, [], [{ from: 5, to: 9 }, { from: 50, to: Infinity }])
    expect(told(makeRows({ view: both, anchor: 60, outgoing: [], unread: null }).rows)).toEqual(["new"])
    expect(told(makeRows({ view: both, anchor: 7, outgoing: [], unread: null }).rows)).toEqual(["old"])
    expect(makeRows({ view: both, anchor: 20, outgoing: [], unread: null })).toEqual({ rows: [], segment: null })
  })

  it("name each row once", () => {
    const list = rows([question(1, "Who?", ["m:1"]), answer(2, 0, "A"), said(3, "b"), turn(4, 1, "x"), turn(5, 2, "y")], { outgoing: [mine({})] })
    expect(new Set(list.map((row) => row.key)).size).toBe(list.length)
  })
})
