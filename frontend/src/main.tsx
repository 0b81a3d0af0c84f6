import { StrictMode } from "react"
import { createRoot } from "react-dom/client"

import { App } from "@/app/app"
import "@/styles/app.css"

const root = document.getElementById("root")
if (!root) throw new Error("index.html has no #root")

// What breathes and runs stands still while nobody can see it.
document.addEventListener("visibilitychange", () => document.documentElement.toggleAttribute("data-hidden", document.hidden))

createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
