// Fails when the page grew over its limits. Sizes are of the built files, gzipped, in kB of 1000 bytes.
// First load: the entry and everything it imports. Room: that and the chunks a rendered conversation loads.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"

const DIST = process.argv[2] ?? "dist"
const ROOM = /^src\/features\/(conversation|runs|presence)\/.*|^src\/lib\/markdown.*|^src\/app\/room-page.*/
const LIMITS = { "first load": 230, "with a rendered conversation": 360, "all styles": 20, "largest chunk": 150 }

const manifest = JSON.parse(readFileSync(join(DIST, ".vite/manifest.json"), "utf8"))
const sizes = new Map()
const size = (file) => {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(join(DIST, file)), { level: 9 }).length / 1000)
  return sizes.get(file)
}

/** Add a chunk and all it imports at once to `seen`. */
function follow(key, seen) {
  if (seen.has(key)) return seen
  seen.add(key)
  for (const next of manifest[key].imports ?? []) follow(next, seen)
  return seen
}
const total = (keys) => [...new Set([...keys].map((key) => manifest[key].file))].filter((f) => f.endsWith(".js")).reduce((sum, file) => sum + size(file), 0)

const entries = Object.keys(manifest).filter((key) => manifest[key].isEntry)
const first = new Set()
for (const key of entries) follow(key, first)
const room = new Set(first)
for (const key of Object.keys(manifest)) if (ROOM.test(manifest[key].src ?? key)) follow(key, room)

const files = [...new Set(Object.values(manifest).map((chunk) => chunk.file))]
const styles = [...new Set(Object.values(manifest).flatMap((chunk) => chunk.css ?? []))]
const chunks = files.filter((file) => file.endsWith(".js")).sort((a, b) => size(b) - size(a))
const found = {
  "first load": total(first),
  "with a rendered conversation": total(room),
  "all styles": styles.reduce((sum, file) => sum + size(file), 0),
  "largest chunk": size(chunks[0]),
}

let isOver = false
for (const [name, limit] of Object.entries(LIMITS)) {
  const mark = found[name] > limit ? "OVER" : "ok"
  isOver ||= mark === "OVER"
  console.log(`${mark.padEnd(5)}${name.padEnd(30)}${found[name].toFixed(1).padStart(7)} of ${limit} kB`)
}
if (process.argv.includes("--chunks")) for (const file of chunks) console.log(`  ${size(file).toFixed(1).padStart(6)} ${file}`)
process.exit(isOver ? 1 : 0)
