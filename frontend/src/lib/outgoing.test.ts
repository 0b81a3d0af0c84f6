/** What waits is kept on this machine, whichever tab wrote it. */

import { beforeEach, expect, test, vi } from "vitest"

import type { Outgoing } from "@/lib/outgoing"

/** A tab of its own: what it remembers it has read from this machine when it was opened. */
async function openTab() {
  vi.resetModules()
  return import("@/lib/outgoing")
}

function said(id: string): Outgoing {
  return {
    client_id: id,
    user_id: "u",
    thread_id: "t",
    branch_id: "b",
    body: id,
    mode: "talk",
    models: null,
    visibility: null,
    rounds: 2,
    reply_to: null,
    written_at: new Date().toISOString(),
    after_seq: 0,
    state: "sending",
    reason: "",
    seq: null,
  }
}

beforeEach(() => localStorage.clear())

async function kept(): Promise<string[]> {
  return (await openTab()).getOutgoing().map((one) => one.client_id)
}

test("what two tabs wrote without a line is all there when both are opened again", async () => {
  const [one, two] = [await openTab(), await openTab()]
  one.addOutgoing(said("from one"))
  two.addOutgoing(said("from two"))
  expect(await kept()).toEqual(["from one", "from two"])
})

test("what one tab has got through does not come back by another that wrote meanwhile", async () => {
  const one = await openTab()
  one.addOutgoing(said("first"))
  const two = await openTab()
  two.addOutgoing(said("second"))
  one.removeOutgoing("first")
  expect(await kept()).toEqual(["second"])
  two.removeOutgoing("second")
  two.removeOutgoing("first")
  expect(await kept()).toEqual([])
})
