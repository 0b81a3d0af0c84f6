import { useRoom } from "@/features/conversation/room-context"
import { askAgain } from "@/features/conversation/actions"
import type { Lane } from "@/features/runs/lanes-of"
import { Button } from "@/components/ui/button"
import { Glyph } from "@/components/ui/glyph"
import { Menu, MenuItem } from "@/components/ui/menu"

interface AskProps {
  lane: Lane
  look: "plain" | "quiet"
  className?: string
}

/** The same question to another model, as a new sibling in this lane. */
export function AskAnother({ lane, look, className }: AskProps) {
  const room = useRoom()
  const others = room.offered.filter((model) => model.model_id !== lane.shown.author.id)
  if (!others.length) return null
  return (
    <Menu label="Ask another model" trigger={<Button look={look} {...(className && { className })}>Ask another model</Button>}>
      {others.map((model) => (
        <MenuItem
          key={model.model_id}
          icon={<Glyph slot={model.slot} name={model.name} />}
          note={model.state === "ok" ? undefined : model.state_note}
          onSelect={() => askAgain(room, lane, model.model_id)}
        >
          {model.name}
        </MenuItem>
      ))}
    </Menu>
  )
}

export function AskSame({ lane, look, label, className }: AskProps & { label: string }) {
  const room = useRoom()
  return (
    <Button look={look} onClick={() => askAgain(room, lane)} {...(className && { className })}>
      {label}
    </Button>
  )
}
