import { InfiniteQueryObserver } from "@tanstack/react-query"
import { describe, expect, it, vi } from "vitest"

import { applyNews, type Here } from "@/app/live"
import { rowsOf, type ThreadPages, threadsQuery } from "@/features/threads/queries"
import type { AnyNews, ProjectView, ThreadRow } from "@/lib/protocol.gen"
import { keys, makeQueryClient } from "@/lib/query"
import type { Page } from "@/lib/types"
import { ferryline, row, thread } from "@/testing/cast"

const elsewhere: Here = { projectId: "ferryline", threadId: undefined }

function after(rows: ThreadRow[], item: AnyNews, here = elsewhere) {
  const client = makeQueryClient()
  client.setQueryData<ThreadPages>(keys.threads("ferryline"), { pages: [{ items: rows, next_cursor: null }], pageParams: [null] })
  client.setQueryData<ProjectView[]>(keys.projects, [ferryline])
  applyNews(client, item, "ferryline", here)
  return {
    client,
    rows: rowsOf(client.getQueryData<ThreadPages>(keys.threads("ferryline"))),
    project: client.getQueryData<ProjectView[]>(keys.projects)?.[0],
  }
}
const named = { count: 2, by: "Bob", branch_id: "a-main", seq: 4 }
const active = (id: string, head: number): AnyNews => ({ type: "thread.active", thread_id: id, head_seq: head, active_at: "2026-11-21T10:00:00Z", live_slots: [] })

describe("news in the lists", () => {
  it("counts what was said since it was read", () => {
    const [a] = after([row("a")], active("a", 8)).rows
    expect([a?.unread, a?.thread.head_seq, a?.read_seq]).toEqual([3, 8, 5])
  })

  it("counts nothing where you are", () => {
    const [a] = after([row("a")], active("a", 8), { ...elsewhere, threadId: "a" }).rows
    expect([a?.unread, a?.read_seq]).toEqual([0, 8])
  })

  it("marks another project, not the one you are in", () => {
    expect(after([row("a")], active("a", 8)).project?.has_news).toBe(false)
    expect(after([row("a")], active("a", 8), { projectId: "other", threadId: "x" }).project?.has_news).toBe(true)
  })

  it("does not mark a project because a model began to write", () => {
    expect(after([row("a")], active("a", 5), { projectId: "other", threadId: "x" }).project?.has_news).toBe(false)
  })

  it("adds a new thread, changes a known one and takes out an archived one", () => {
    const listed = (change: Parameters<typeof thread>[1]): AnyNews => ({ type: "thread.listed", thread: thread("a", change) })
    expect(after([], listed({ head_seq: 1 })).rows.map(({ unread }) => unread)).toEqual([1])
    expect(after([row("a")], listed({ title: "Renamed" })).rows.map((one) => one.thread.title)).toEqual(["Renamed"])
    expect(after([row("a")], listed({ archived_at: "2026-11-21T10:00:00Z" })).rows).toEqual([])
  })

  it("takes out a thread that is no longer yours, and reads one read elsewhere", () => {
    expect(after([row("a"), row("b")], { type: "thread.gone", thread_id: "a" }).rows.map(({ thread: { id } }) => id)).toEqual(["b"])
    expect(after([row("a", {}, 3)], { type: "thread.read", thread_id: "a", branch_id: "a-main", seq: 5, named: null }).rows.map(({ unread }) => unread)).toEqual([0])
  })

  it("leaves the main branch unread when another one was read", () => {
    const read: AnyNews = { type: "thread.read", thread_id: "a", branch_id: "other", seq: 9, named: null }
    expect(after([{ ...row("a", {}, 3), named }], read).rows.map((one) => [one.unread, one.read_seq, one.named])).toEqual([[3, 2, null]])
  })

  it("does not make a thread shorter than it was told to be", () => {
    const { client } = after([row("a")], active("a", 8))
    applyNews(client, { type: "thread.listed", thread: thread("a", { title: "Renamed", head_seq: 6 }) }, "ferryline", elsewhere)
    const [a] = rowsOf(client.getQueryData<ThreadPages>(keys.threads("ferryline")))
    expect([a?.thread.title, a?.thread.head_seq, a?.thread.active_at, a?.unread]).toEqual(["Renamed", 8, "2026-11-21T10:00:00Z", 3])
  })

  it("asks again for a list that was asked for before the news came", async () => {
    const client = makeQueryClient()
    const answers: ((page: Page<ThreadRow>) => void)[] = []
    const observer = new InfiniteQueryObserver(client, { ...threadsQuery("ferryline"), queryFn: () => new Promise<Page<ThreadRow>>((answer) => answers.push(answer)) })
    const stop = observer.subscribe(() => undefined)
    for (const title of ["First", "Second"]) applyNews(client, { type: "thread.listed", thread: thread("a", { title, head_seq: 1 }) }, "ferryline", elsewhere)
    answers[0]?.({ items: [row("a", { title: "Old" })], next_cursor: null })
    await vi.waitFor(() => expect(answers).toHaveLength(2))
    answers[1]?.({ items: [row("a", { title: "Second" })], next_cursor: null })
    await vi.waitFor(() => expect(rowsOf(client.getQueryData<ThreadPages>(keys.threads("ferryline"))).map((one) => one.thread.title)).toEqual(["Second"]))
    expect(answers).toHaveLength(2)
    stop()
  })

  it("keeps who named you in the row, and marks a project you are not in", () => {
    const told: AnyNews = { type: "person.named", thread_id: "a", message_id: "m", by: "Bob", named }
    expect(after([row("a")], told).rows.map((one) => one.named)).toEqual([named])
    expect(after([row("a")], told).project?.has_news).toBe(false)
    expect(after([row("a")], told, { projectId: "other", threadId: "x" }).project?.has_news).toBe(true)
  })

  it("loads the projects and their people again when they changed", () => {
    const { client } = after([], { type: "projects.changed", project_id: "ferryline" })
    expect(client.getQueryState(keys.projects)?.isInvalidated).toBe(true)
  })
})
