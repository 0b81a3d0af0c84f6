import type { Preview } from "@storybook/react-vite"
import { useEffect, type ReactNode } from "react"

import { TipProvider } from "@/components/ui/tooltip"
import "@/styles/app.css"
import "./preview.css"

/** Every part on paper, in the theme of the toolbar. */
function Paper({ theme, children }: { theme: string; children: ReactNode }) {
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme
  }, [theme])
  return (
    <TipProvider>
      <div className="min-h-40 bg-paper p-8 text-ink">{children}</div>
    </TipProvider>
  )
}

const preview: Preview = {
  decorators: [
    (Story, { globals }) => (
      <Paper theme={String(globals["theme"])}>
        <Story />
      </Paper>
    ),
  ],
  parameters: { layout: "fullscreen", a11y: { test: "error" }, controls: { expanded: true } },
  globalTypes: {
    theme: {
      description: "Theme",
      toolbar: {
        title: "Theme",
        items: [
          { value: "light", title: "Light" },
          { value: "dark", title: "Dark" },
        ],
        dynamicTitle: true,
      },
    },
  },
  initialGlobals: { theme: "light" },
}

export default preview
