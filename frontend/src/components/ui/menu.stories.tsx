import type { Meta, StoryObj } from "@storybook/react-vite"
import { useState } from "react"
import { ArchiveIcon } from "@solar-icons/react/linear/archive"
import { LetterUnreadIcon } from "@solar-icons/react/linear/letter-unread"
import { PenIcon } from "@solar-icons/react/linear/pen"
import { UserCrossIcon } from "@solar-icons/react/linear/user-cross"

import { Button } from "@/components/ui/button"
import { Menu, MenuItem, MenuLine, MenuRadioItems } from "@/components/ui/menu"

const meta = { component: Menu } satisfies Meta<typeof Menu>
export default meta
type Story = StoryObj

export const OfAThread: Story = {
  render: () => (
    <Menu label="Refund rules in plain words" trigger={<Button>Refund rules in plain words</Button>}>
      <MenuItem icon={<PenIcon size={16} />} keys="F2" onSelect={() => undefined}>
        Rename
      </MenuItem>
      <MenuItem icon={<LetterUnreadIcon size={16} />} keys="u" onSelect={() => undefined}>
        Mark as unread
      </MenuItem>
      <MenuLine />
      <MenuItem icon={<ArchiveIcon size={16} />} keys="a" onSelect={() => undefined}>
        Archive
      </MenuItem>
    </Menu>
  ),
}
export const OfARole: Story = {
  render: function Render() {
    const [role, setRole] = useState<"admin" | "member" | "viewer">("member")
    return (
      <Menu label="Bob" className="w-[296px]" trigger={<Button>{role}</Button>}>
        <MenuRadioItems
          value={role}
          onChange={setRole}
          options={[
            { value: "admin", label: "Admin", note: "also people, models, keys and limits" },
            { value: "member", label: "Member", note: "reads, writes, asks models" },
            { value: "viewer", label: "Viewer", note: "reads" },
          ]}
        />
        <MenuLine />
        <MenuItem isDanger icon={<UserCrossIcon size={16} />} onSelect={() => undefined}>
          Remove from Ferryline…
        </MenuItem>
      </Menu>
    )
  },
}
