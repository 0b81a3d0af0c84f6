/** Is what this tab shows what the server keeps? Every finished turn carries the hash of its words. */

/** Give the SHA-256 of a text in hex, or null where the browser has no WebCrypto (plain HTTP). */
export async function sha256(text: string): Promise<string | null> {
  // The types promise it; a page that came over plain HTTP does not have it.
  const subtle = crypto.subtle as SubtleCrypto | undefined
  if (!subtle) return null
  const hash = await subtle.digest("SHA-256", new TextEncoder().encode(text))
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("")
}
