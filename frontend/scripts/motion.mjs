// Draws the two movements that run while models write, as animated pictures: src/styles/running.png and live.png.
// They are masks, so one file serves every hue in both themes. A picture is moved by the browser's compositor alone;
// a CSS animation would be worked out again on the main thread at each frame in which words come.
import { writeFileSync } from "node:fs"
import { crc32, deflateSync } from "node:zlib"

/** Encode frames of alpha values (0 to 1, row by row) as an animated PNG that never ends. */
function animatedPng(width, height, perS, frames) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 4, 0, 0, 0], 8) // eight bits, grey with alpha
  let number = 0
  const parts = [Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", header), chunk("acTL", numbers(frames.length, 0))]
  for (const [index, alphas] of frames.entries()) {
    const timing = Buffer.from([0, 1, 0, perS, 0, 0])
    parts.push(chunk("fcTL", Buffer.concat([numbers(number++, width, height, 0, 0), timing])))
    const rows = Array.from({ length: height }, (_, y) => [0, ...alphas.slice(y * width, (y + 1) * width).flatMap((alpha) => [0, Math.round(alpha * 255)])])
    const pixels = deflateSync(Buffer.from(rows.flat()), { level: 9 })
    parts.push(index === 0 ? chunk("IDAT", pixels) : chunk("fdAT", Buffer.concat([numbers(number++), pixels])))
  }
  return Buffer.concat([...parts, chunk("IEND", Buffer.alloc(0))])
}

function numbers(...values) {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4))
  return bytes
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data])
  return Buffer.concat([numbers(data.length), body, numbers(crc32(body))])
}

const clamp = (value) => Math.min(1, Math.max(0, value))

/** A bar of 38 % runs through; 2.4 s from end to end. */
function running(width = 160, perS = 30, seconds = 2.4, share = 0.38) {
  const count = Math.round(seconds * perS)
  return animatedPng(width, 1, perS, Array.from({ length: count }, (_, index) => {
    // The first frame is what those see whose browser does not move it.
    const start = ((((index / count + 0.46) % 1) * (1 + share)) - share) * width
    return Array.from({ length: width }, (_, x) => clamp(Math.min(x + 1, start + share * width) - Math.max(x, start)))
  }))
}

/** Three bars of 2.5 px, 2 px apart, that rise and sink between 35 % and their whole height, twice as fine as they are shown. */
function live(width = 23, height = 22, perS = 20, seconds = 1.5, shifts = [0.7, 1.5, 1.1]) {
  const count = Math.round(2 * seconds * perS)
  return animatedPng(width, height, perS, Array.from({ length: count }, (_, index) => {
    const alphas = Array.from({ length: width * height }, () => 0)
    shifts.forEach((shift, bar) => {
      const phase = (((index / count) * 2 * seconds + shift) % (2 * seconds)) / seconds
      const tall = height * (0.35 + 0.65 * (0.5 - 0.5 * Math.cos(Math.PI * phase)))
      for (let y = 0; y < height; y++) for (let x = bar * 9; x < bar * 9 + 5; x++) alphas[y * width + x] = clamp(y + 1 - (height - tall))
    })
    return alphas
  }))
}

for (const [name, picture] of [["running", running()], ["live", live()]]) {
  writeFileSync(new URL(`../src/styles/${name}.png`, import.meta.url), picture)
  console.log(`src/styles/${name}.png: ${picture.length} bytes`)
}
