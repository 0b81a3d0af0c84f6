import { useRef, useState } from "react"
import { UserCrossIcon } from "@solar-icons/react/linear/user-cross"

import { Button } from "@/components/ui/button"
import ChevronDown from "@/components/ui/icons/chevron-down"
import { Menu, MenuItem, MenuLine, MenuRadioItems } from "@/components/ui/menu"
import { Popover } from "@/components/ui/popover"
import { roleOptions, type GivenRole } from "@/features/projects/roles"
import type { MemberView } from "@/lib/protocol.gen"

interface RoleMenuProps {
  member: MemberView
  projectName: string
  onOpenChange: (isOpen: boolean) => void
  onRole: (role: GivenRole) => void
  onRemove: () => void
}

/** Somebody's role, and what may be done about it. Removing asks where it stands: the menu becomes the question. */
export function RoleMenu({ member, projectName, onOpenChange, onRole, onRemove }: RoleMenuProps) {
  const [isAsking, setIsAsking] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const keep = useRef<HTMLButtonElement>(null)

  function close() {
    setIsAsking(false)
    onOpenChange(false)
  }

  return (
    <>
      <Menu
        label={member.name}
        align="end"
        alignOffset={8}
        sideOffset={0}
        className="w-[296px]"
        onOpenChange={(isOpen) => onOpenChange(isOpen || isAsking)}
        trigger={
          <button
            ref={button}
            type="button"
            aria-label={`${member.name} is ${member.role}, change`}
            className="inline-flex h-(--hit) items-center gap-1 whitespace-nowrap rounded-md px-2 text-small text-ink-2 hover:bg-hover max-tablet:text-ui"
          >
            {member.role}
            <ChevronDown />
          </button>
        }
      >
        <MenuRadioItems value={member.role as GivenRole} options={roleOptions} onChange={onRole} />
        <MenuLine />
        <MenuItem isDanger icon={<UserCrossIcon size={16} />} onSelect={() => {
            setIsAsking(true)
            onOpenChange(true)
          }}>
          Remove from {projectName}…
        </MenuItem>
      </Menu>
      <Popover
        isOpen={isAsking}
        onClose={close}
        anchor={button}
        initialFocus={keep}
        title={`Remove ${member.name} from ${projectName}?`}
        about="Every thread is lost to them at once, also the one they have open. What they wrote stays, with their name. A new invitation brings them back."
      >
        <div className="mt-3.5 flex justify-end gap-2">
          <Button ref={keep} onClick={close}>
            Keep {member.name}
          </Button>
          <Button
            look="danger"
            onClick={() => {
              close()
              onRemove()
            }}
          >
            Remove {member.name}
          </Button>
        </div>
      </Popover>
    </>
  )
}
