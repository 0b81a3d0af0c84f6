import { vi } from "vitest"

export interface Asked {
  method: string
  path: string
  body: unknown
}
type Answer = { status?: number; json?: unknown } | undefined

export class Refusal {
  readonly status: number
  readonly problem: Record<string, unknown>
  constructor(status: number, code: string, detail: string, data: Record<string, unknown> = {}) {
    this.status = status
    this.problem = { code, detail, status, ...data }
  }
}

/**
 * Answer `fetch` from a table of "METHOD /path" (the API's prefix left out) and keep what was asked.
 * A value is the JSON of a 200, null a 204, a Refusal a problem; a function makes one of these. What is not in the table is a 404.
 */
export function fakeServer(routes: Record<string, unknown>): Asked[] {
  const asked: Asked[] = []
  vi.stubGlobal("fetch", async (url: string, init: RequestInit = {}) => {
    const address = new URL(url, location.origin)
    const one: Asked = {
      method: init.method ?? "GET",
      path: address.pathname.replace("/api/v1", "").replace("/_allauth/browser/v1", "/_auth"),
      body: typeof init.body === "string" ? (JSON.parse(init.body) as unknown) : undefined,
    }
    asked.push(one)
    await Promise.resolve()
    return answer(routes[`${one.method} ${one.path}`], one)
  })
  return asked
}

function answer(route: unknown, asked: Asked): Response {
  const found: unknown = typeof route === "function" ? (route as (asked: Asked) => unknown)(asked) : route
  const { status = 200, json }: NonNullable<Answer> =
    found === undefined
      ? { status: 404, json: { code: "not_found", detail: "There is nothing here for you." } }
      : found instanceof Refusal
        ? { status: found.status, json: found.problem }
        : found === null
          ? { status: 204 }
          : { json: found }
  return new Response(status === 204 ? null : JSON.stringify(json), { status, headers: { "Content-Type": "application/json" } })
}
