import { describe, expect, it, vi } from "vitest"

import { api, ApiError, onSignedOut, request, wordsOf } from "@/lib/api"
import { fakeServer, Refusal } from "@/testing/fake-server"

async function refusalOf(promise: Promise<unknown>): Promise<ApiError> {
  try {
    await promise
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error("it was not refused")
}

describe("asking the server", () => {
  it("sends the token of the cookie with what changes something, and JSON both ways", async () => {
    document.cookie = "parley-csrf=secret"
    const spy = vi.fn(() => Promise.resolve(new Response('{"id":"x"}')))
    vi.stubGlobal("fetch", spy)
    expect(await api.post("/projects", { name: "Ferryline" })).toEqual({ id: "x" })
    const [url, init] = spy.mock.calls[0] as unknown as [string, RequestInit]
    expect(url).toBe("/api/v1/projects")
    expect(init).toMatchObject({ method: "POST", body: '{"name":"Ferryline"}', headers: { "X-CSRFToken": "secret" } })
  })

  it("leaves out what is not asked for", async () => {
    const asked = vi.fn(() => Promise.resolve(new Response("[]")))
    vi.stubGlobal("fetch", asked)
    await api.get("/threads", { query: { cursor: null, archived: true } })
    expect((asked.mock.calls[0] as unknown[])[0]).toBe("/api/v1/threads?archived=true")
  })

  it("gives the server's own words and code", async () => {
    fakeServer({ "GET /me": new Refusal(429, "too_many", "Wait a minute.", { retry_after_s: 12 }) })
    const error = await refusalOf(api.get("/me"))
    expect([error.message, error.code, error.status, error.retryAfterS]).toEqual(["Wait a minute.", "too_many", 429, 12])
  })

  it("reads the list of what is wrong that sign-in answers with", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify({ errors: [{ message: "Taken.", code: "email_taken", param: "email" }] }), { status: 400 })))
    const error = await refusalOf(request("POST", "/_allauth/browser/v1/auth/signup", {}))
    expect([error.message, error.code]).toEqual(["Taken.", "email_taken"])
  })

  it("has words for a proxy's page and for a line that is down", async () => {
    vi.stubGlobal("fetch", () => Promise.resolve(new Response("<html>", { status: 502 })))
    expect((await refusalOf(api.get("/me"))).message).toMatch(/not ready/)
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")))
    const error = await refusalOf(api.get("/me"))
    expect(error.isNetwork).toBe(true)
    expect(wordsOf(error)).toMatch(/does not answer/)
  })

  it("tells whoever listens that nobody is signed in any more", async () => {
    fakeServer({ "GET /me": new Refusal(401, "signed_out", "Sign in first.") })
    const heard = vi.fn()
    const stop = onSignedOut(heard)
    await refusalOf(api.get("/me"))
    await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce())
    stop()
  })
})
