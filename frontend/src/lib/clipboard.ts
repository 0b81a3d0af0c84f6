import { useEffect, useRef, useState } from "react"

const SAYS_MS = 2_000

/** Put a text on the clipboard, also where the page came over plain HTTP. */
async function copyText(text: string): Promise<boolean> {
  // The types promise it; a page that came over plain HTTP does not have it.
  const clipboard = navigator.clipboard as Clipboard | undefined
  try {
    if (clipboard) {
      await clipboard.writeText(text)
      return true
    }
  } catch {
    // Refused: the old way may still be allowed.
  }
  return copyByHand(text)
}

function copyByHand(text: string): boolean {
  const field = document.createElement("textarea")
  field.value = text
  field.style.position = "fixed"
  field.style.opacity = "0"
  const before = document.activeElement
  document.body.append(field)
  field.select()
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- the only way left on a page that came over plain HTTP
  const isDone = document.execCommand("copy")
  field.remove()
  if (before instanceof HTMLElement) before.focus()
  return isDone
}

/** Give a copy action, and whether it has just been done. */
export function useCopy(): [isCopied: boolean, copy: (text: string) => void] {
  const [isCopied, setIsCopied] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = (text: string) => {
    void copyText(text).then((isDone) => {
      setIsCopied(isDone)
      clearTimeout(timer.current)
      timer.current = setTimeout(() => setIsCopied(false), SAYS_MS)
    })
  }
  return [isCopied, copy]
}
