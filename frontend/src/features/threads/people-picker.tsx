import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { MinimalisticMagnifierIcon } from "@solar-icons/react/linear/minimalistic-magnifier"

import { Avatar } from "@/components/ui/avatar"
import { Checkbox } from "@/components/ui/choice"
import { Input } from "@/components/ui/field"
import { membersQuery } from "@/lib/queries"

interface PeoplePickerProps {
  projectId: string
  meId: string
  /** Whoever started it cannot be taken out. */
  always: string | null
  chosen: ReadonlySet<string>
  onChange: (chosen: ReadonlySet<string>) => void
}

const SEARCH_FROM = 8

/** Who is in a private thread: the project's people, each in or out. */
export function PeoplePicker({ projectId, meId, always, chosen, onChange }: PeoplePickerProps) {
  const members = useQuery(membersQuery(projectId)).data ?? []
  const [sought, setSought] = useState("")
  const shown = members
    .filter((member) => member.name.toLowerCase().includes(sought.trim().toLowerCase()))
    .toSorted((a, b) => Number(b.user_id === always) - Number(a.user_id === always) || a.name.localeCompare(b.name))

  function toggle(id: string, isIn: boolean) {
    const next = new Set(chosen)
    if (isIn) next.add(id)
    else next.delete(id)
    onChange(next)
  }

  return (
    <div className="mt-3">
      {members.length >= SEARCH_FROM && (
        <span className="relative block">
          <MinimalisticMagnifierIcon size={16} className="pointer-events-none absolute top-2.5 left-[11px] text-ink-2" />
          <Input aria-label="A name" placeholder="A name" className="pl-9" value={sought} onChange={(event) => setSought(event.target.value)} />
        </span>
      )}
      <ul className="my-1.5 max-h-[216px] overflow-y-auto">
        {shown.map((member) => (
          <li key={member.user_id}>
            <label className="flex min-h-9 items-center gap-[11px]">
              <Avatar name={member.name} size="small" />
              <span className="cut min-w-0 grow">
                {member.name}{" "}
                <span className="text-ink-3">
                  {[member.user_id === meId && "you", member.role !== "member" && member.role].filter(Boolean).join(", ")}
                </span>
              </span>
              {member.user_id === always ? (
                <span className="text-small text-ink-3">always</span>
              ) : (
                <Checkbox
                  aria-label={member.name}
                  checked={chosen.has(member.user_id)}
                  onChange={(event) => toggle(member.user_id, event.target.checked)}
                />
              )}
            </label>
          </li>
        ))}
      </ul>
    </div>
  )
}
