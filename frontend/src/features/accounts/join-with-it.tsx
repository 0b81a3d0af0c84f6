import { useNavigate } from "@tanstack/react-router"
import { useState, type SubmitEvent } from "react"

import { Button } from "@/components/ui/button"
import { Input } from "@/components/ui/field"

/** Find the code in what was pasted: a whole link, or the code alone. */
export function codeIn(text: string): string {
  const trimmed = text.trim()
  const at = trimmed.lastIndexOf("#")
  return (at >= 0 ? trimmed.slice(at + 1) : trimmed).replaceAll(/\s/g, "")
}

/** Where the link goes that somebody was sent. */
export function JoinField({ className = "" }: { className?: string }) {
  const navigate = useNavigate()
  const [link, setLink] = useState("")
  function go(event: SubmitEvent) {
    event.preventDefault()
    const code = codeIn(link)
    if (code) void navigate({ to: "/join", hash: code })
  }
  return (
    <form onSubmit={go} aria-label="Join with an invitation" className={`flex gap-2 ${className}`}>
      <Input aria-label="The link you were sent" placeholder="The link you were sent" value={link} onChange={(event) => setLink(event.target.value)} autoFocus />
      <Button size="field" type="submit">
        Join
      </Button>
    </form>
  )
}

/** "Have an invitation?" becomes the field to paste it into. */
export function JoinWithIt() {
  const [isOpen, setIsOpen] = useState(false)
  if (isOpen) return <JoinField className="mt-2" />
  return (
    <p>
      Have an invitation?{" "}
      <button type="button" onClick={() => setIsOpen(true)} className="hit font-medium text-pen underline-offset-[3px] hover:underline">
        Join with it
      </button>
    </p>
  )
}
