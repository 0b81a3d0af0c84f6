import { Button } from "@/components/ui/button"
import { Keys } from "@/components/ui/kbd"
import { Sheet } from "@/components/ui/sheet"
import { activeShortcuts, type Shortcut, type ShortcutGroup } from "@/lib/shortcuts"

const GROUPS: readonly ShortcutGroup[] = ["Everywhere", "Threads", "Room", "Lanes and answers"]
/** Keys of a focused row or field: no component lists them as its own. */
const OF_ROWS: readonly Pick<Shortcut, "keys" | "label" | "group">[] = [
  { keys: "F2", label: "Rename, on a thread’s row", group: "Threads" },
  { keys: "u", label: "Read or unread, on a thread’s row", group: "Threads" },
  { keys: "a", label: "Archive, on a thread’s row", group: "Threads" },
  { keys: ".", label: "Its menu, on a thread’s row", group: "Threads" },
  { keys: "z", label: "Undo the last toast", group: "Everywhere" },
]

/** All keys that work here now. */
export default function KeysDialog({ onClose }: { onClose: () => void }) {
  const seen = new Set<string>()
  const all = [...activeShortcuts(), ...OF_ROWS].filter(({ keys }) => keys && !seen.has(keys) && seen.add(keys))
  return (
    <Sheet
      isOpen
      onClose={onClose}
      isText
      title="All keys"
      about="Single letters work outside a field; Settings, Account turns them off."
      foot={
        <>
          <span className="grow" />
          <Button onClick={onClose}>Done</Button>
        </>
      }
    >
      <div className="pb-4">
        {GROUPS.map((group) => {
          const rows = all.filter((shortcut) => shortcut.group === group)
          if (rows.length === 0) return null
          return (
            <section key={group} className="mb-4">
              <h3 className="mb-1 text-small font-medium text-ink-3">{group}</h3>
              <ul>
                {rows.map(({ keys, label }) => (
                  <li key={keys} className="flex min-h-8 items-center gap-3 border-line not-first:border-t">
                    <span className="grow">{label}</span>
                    <Keys keys={keys} />
                  </li>
                ))}
              </ul>
            </section>
          )
        })}
      </div>
    </Sheet>
  )
}
