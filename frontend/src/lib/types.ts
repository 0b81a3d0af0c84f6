/** Answers of the HTTP API that the socket does not know; everything else is in protocol.gen.ts. */

export interface ModelView {
  model_id: string
  name: string
  provider: string
  provider_name: string
  where: string
  note: string
  is_demo: boolean
  slot: number
  context_tokens: number | null
  price_in: number | null
  price_out: number | null
  is_offered: boolean
  state: "ok" | "key_refused" | "unreachable" | "at_limit"
  state_note: string
}

export interface ProviderView {
  id: string | null
  slug: string
  name: string
  base_url: string
  has_key: boolean
  key_note: string
  is_editable: boolean
  concurrency: number
  model_count: number
  state: "ok" | "key_refused" | "unreachable" | "at_limit"
  state_note: string
}

export interface AuditEntry {
  at: string
  actor: string
  action: string
  subject: string
  data: Record<string, unknown>
}

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}
