/// <reference types="vitest/config" />
import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { brotliCompressSync, constants, gzipSync } from "node:zlib"
import { defineConfig, type Plugin } from "vite"

const NEED_A_PAGE = ["api", "outgoing", "schedule", "socket"].map((name) => `src/lib/${name}.test.ts`)
const SERVER = process.env["PARLEY_SERVER"] ?? "http://127.0.0.1:8000"

/** Beside each text file its compressed twins: the server hands them out as they are and never compresses itself. */
function compressed(): Plugin {
  return {
    name: "parley:compressed",
    apply: "build",
    writeBundle({ dir = "dist" }) {
      for (const file of readdirSync(join(dir, "assets"))) {
        if (!/\.(js|css|svg)$/.test(file)) continue
        const path = join(dir, "assets", file)
        const text = readFileSync(path)
        if (text.length < 1000) continue
        writeFileSync(`${path}.gz`, gzipSync(text, { level: 9 }))
        writeFileSync(`${path}.br`, brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: text.length } }))
      }
    },
  }
}

/** Built pages live under /static/, where the server serves them; in development Vite serves all from /. */
export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react(), tailwindcss(), compressed()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    manifest: true,
    // The content security policy allows files of this server only: nothing becomes a data: address.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // What changes only with its own version stays in the browser's cache when ours does.
            { name: "libraries", test: /node_modules[\\/](react|react-dom|scheduler|@tanstack)[\\/]/, tags: ["$initial"], priority: 3 },
            { name: "first", tags: ["$initial"], priority: 2 },
            // Icons and small parts of pages that load later: one file instead of forty.
            { name: "parts", test: /[\\/](@solar-icons|components[\\/]ui)[\\/]/, minShareCount: 2, priority: 1 },
          ],
        },
      },
    },
  },
  server: {
    proxy: {
      "/api": SERVER,
      "/_allauth": SERVER,
      "/ws": { target: SERVER, ws: true },
    },
  },
  test: {
    css: false,
    restoreMocks: true,
    testTimeout: 20_000, // a busy machine is no failure
    // Making a page costs more than most tests: only those get one that draw, or that need what only a page has.
    projects: [
      { extends: true, test: { name: "logic", environment: "node", include: ["src/**/*.test.ts"], exclude: NEED_A_PAGE } },
      { extends: true, test: { name: "page", environment: "jsdom", setupFiles: ["src/testing/setup.ts"], include: ["src/**/*.test.tsx", ...NEED_A_PAGE] } },
    ],
  },
}))
