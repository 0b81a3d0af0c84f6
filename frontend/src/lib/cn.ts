import { clsx, type ClassValue } from "clsx"
import { extendTailwindMerge } from "tailwind-merge"

// Our own sizes are sizes: without this, `text-ui` would be taken for a colour and drop `text-ink`.
const merge = extendTailwindMerge({
  extend: {
    classGroups: {
      "font-size": [{ text: ["micro", "small", "ui", "lane", "read", "ask", "stage", "title"] }],
      shadow: [{ shadow: ["float", "lift"] }],
    },
  },
})

/** Join class names; of two that set the same thing the later one stays. */
export function cn(...names: ClassValue[]): string {
  return merge(clsx(names))
}
