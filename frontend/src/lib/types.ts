/** The answers of lists that can grow, and names that the interface has for what the server sends. */

export type { AuditView, ModelView, ProviderView } from "@/lib/protocol.gen"

/** One page of a list: go on with `next_cursor`, if there is one. */
export interface Page<T> {
  items: T[]
  next_cursor: string | null
}
