/** The JSON samples that the server's tests read, too: one of each command, event, news item and frame. */

import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

// Vitest runs from the frontend's folder.
const FOLDER = join(process.cwd(), "../tests/protocol_samples")

/** Read one sample, for example `event.turn.delta`. */
export function sample(name: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"))
}

/** Name all samples of a kind: `event`, `frame`, `news` or `command`. */
export function sampleNames(kind: string): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.startsWith(`${kind}.`))
    .map((file) => file.replace(/\.json$/, ""))
}
