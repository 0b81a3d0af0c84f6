import { Link } from "@tanstack/react-router"
import type { ReactNode } from "react"
import { AltArrowLeftIcon } from "@solar-icons/react/linear/alt-arrow-left"
import { HashtagSquareIcon } from "@solar-icons/react/linear/hashtag-square"
import { InfoCircleIcon } from "@solar-icons/react/linear/info-circle"
import { UserIcon } from "@solar-icons/react/linear/user"
import { UsersGroupTwoRoundedIcon } from "@solar-icons/react/linear/users-group-two-rounded"
import { WidgetIcon } from "@solar-icons/react/linear/widget"

import { Avatar } from "@/components/ui/avatar"
import { Button } from "@/components/ui/button"
import { IconButton } from "@/components/ui/icon-button"
import { cn } from "@/lib/cn"
import type { MeView, ProjectView } from "@/lib/protocol.gen"

interface SettingsNavProps {
  me: MeView
  project: ProjectView | undefined
  page: string
  onSignOut: () => void
  onBack: () => void
}

/** The pages of settings: yours, the server's, and of the open project's what your role may change. */
export function SettingsNav({ me, project, page, onSignOut, onBack }: SettingsNavProps) {
  const may = (permission: string) => project?.permissions.includes(permission) ?? false
  const row = (to: string, label: string, icon: ReactNode) => {
    const isOpen = to === page
    const look = cn(
      "flex h-8 items-center gap-2.5 rounded-md px-2 text-ink-2 hover:bg-hover pointer-coarse:h-11 max-tablet:h-[52px] max-tablet:text-[0.96875rem] [&>svg]:text-ink-3",
      isOpen && "bg-selected font-medium text-ink hover:bg-selected [&>svg]:text-ink-2",
    )
    const content = (
      <>
        {icon}
        <span className="cut">{label}</span>
      </>
    )
    const current = isOpen ? { "aria-current": "page" as const } : {}
    return (
      <li key={to}>
        {project ? (
          <Link to="/p/$projectId/settings/$page" params={{ projectId: project.id, page: to }} className={look} {...current}>
            {content}
          </Link>
        ) : (
          <Link to="/settings/$page" params={{ page: to }} className={look} {...current}>
            {content}
          </Link>
        )}
      </li>
    )
  }
  return (
    <aside aria-label="Settings" className="flex min-h-0 flex-col border-r border-line bg-sunken max-tablet:border-0">
      <header className="flex h-12 shrink-0 items-center pr-1.5 pl-4 max-tablet:h-[60px] max-tablet:pl-1">
        <IconButton label="Back" hasTip={false} onClick={onBack} className="tablet:hidden">
          <AltArrowLeftIcon size={18} />
        </IconButton>
        <p className="cut grow translate-y-px font-serif text-[1.0625rem]/[1.3] font-medium tracking-[-0.005em] max-tablet:text-[1.625rem]">Settings</p>
      </header>
      <nav aria-label="Settings" className="min-h-0 grow overflow-y-auto px-2 max-tablet:px-3">
        <Group title="You" isFirst>
          {row("account", "Account", <UserIcon size={16} />)}
        </Group>
        {project && (
          <Group title={project.name}>
            {row("project", "Project", <HashtagSquareIcon size={16} />)}
            {may("manage_people") && row("people", "People", <UsersGroupTwoRoundedIcon size={16} />)}
            {(may("manage_models") || me.is_staff) && row("models", "Models", <WidgetIcon size={16} />)}
          </Group>
        )}
        <Group title="This server">{row("server", "Version", <InfoCircleIcon size={16} />)}</Group>
      </nav>
      <footer className="flex h-[49px] shrink-0 items-center gap-2.5 border-t border-line pr-2 pl-4 max-laptop:h-16">
        <Avatar name={me.name} size="small" />
        <span className="cut grow font-medium">{me.name}</span>
        <Button look="quiet" onClick={onSignOut}>
          Sign out
        </Button>
      </footer>
    </aside>
  )
}

function Group({ title, isFirst = false, children }: { title: string; isFirst?: boolean; children: ReactNode }) {
  return (
    <>
      <h2 className={cn("px-2 pb-2 text-small/none font-medium text-ink-3", isFirst ? "pt-2" : "pt-[18px]")}>{title}</h2>
      <ul>{children}</ul>
    </>
  )
}
