/**
 * The door to the HTTP API. Answers are JSON; refusals become ApiError with the server's own words
 * (RFC 9457 problems), a line that is down becomes ApiError with code "network". Nothing is retried here.
 */

export class ApiError extends Error {
  override readonly name = "ApiError"
  readonly status: number
  readonly code: string
  readonly retryAfterS: number | null
  /** Everything else the problem said, for whoever knows its code. */
  readonly data: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, detail: string, data: Record<string, unknown> = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.data = data
    const wait = data["retry_after_s"]
    this.retryAfterS = typeof wait === "number" ? wait : null
  }

  /** Gone, or never yours: the server does not tell which. */
  get isGone(): boolean {
    return this.status === 404
  }
  get isNetwork(): boolean {
    return this.code === "network"
  }
}

type Listener = () => void
const signedOut = new Set<Listener>()

/** Call `listener` whenever an answer says that nobody is signed in any more. */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener)
  return () => void signedOut.delete(listener)
}

interface RequestOptions {
  query?: Record<string, string | number | boolean | null | undefined>
  headers?: Record<string, string>
  signal?: AbortSignal
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

function csrf(): string {
  return /(?:^|; )parley-csrf=([^;]+)/.exec(document.cookie)?.[1] ?? ""
}

function address(path: string, query: RequestOptions["query"]): string {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) if (value != null) words.set(name, String(value))
  return words.size ? `${path}?${words}` : path
}

async function refusal(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {}
  try {
    body = (await response.json()) as Record<string, unknown>
  } catch {
    // Not ours: a proxy's page, most likely. The status alone has to do.
  }
  // Sign-in answers with a list of what is wrong where; its first entry speaks for it.
  const [first] = Array.isArray(body["errors"]) ? (body["errors"] as Record<string, unknown>[]) : []
  const text = (name: string, otherwise: unknown) => (typeof body[name] === "string" ? body[name] : typeof otherwise === "string" ? otherwise : null)
  const detail = text("detail", first?.["message"]) ?? wordsFor(response.status)
  return new ApiError(response.status, text("code", first?.["code"]) ?? `http_${response.status}`, detail, body)
}

function wordsFor(status: number): string {
  if (status === 502 || status === 503 || status === 504) return "The server is not ready. Try again in a moment."
  if (status === 404) return "There is nothing here for you."
  if (status === 429) return "That was too often. Try again in a minute."
  return "The server could not do that. Its log says why."
}

/** Ask the server and give back its JSON, or null when it has nothing to say. */
export async function request<T>(method: Method, path: string, body?: unknown, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers }
  if (method !== "GET") headers["X-CSRFToken"] = csrf()
  if (body !== undefined) headers["Content-Type"] = "application/json"
  let response: Response
  try {
    response = await fetch(address(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(options.signal && { signal: options.signal }),
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause
    throw new ApiError(0, "network", "The server does not answer. Look at your connection, then try again.")
  }
  if (!response.ok) {
    const error = await refusal(response)
    // Told once the asker has its answer: what hears it may throw away the very query that asked.
    if (error.status === 401 && path.startsWith(ROOT)) setTimeout(() => signedOut.forEach((tell) => tell()))
    throw error
  }
  return (response.status === 204 ? null : await response.json()) as T
}

const ROOT = "/api/v1"

/** The API of this server; paths begin behind its prefix. */
export const api = {
  get: <T>(path: string, options?: RequestOptions) => request<T>("GET", ROOT + path, undefined, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) => request<T>("POST", ROOT + path, body ?? {}, options),
  put: <T>(path: string, body: unknown) => request<T>("PUT", ROOT + path, body),
  patch: <T>(path: string, body: unknown) => request<T>("PATCH", ROOT + path, body),
  delete: (path: string, body?: unknown) => request<null>("DELETE", ROOT + path, body),
}

/** Give the words for a person that any thrown thing has. */
export function wordsOf(error: unknown): string {
  return error instanceof Error && error.message ? error.message : "That did not work. Try again."
}
