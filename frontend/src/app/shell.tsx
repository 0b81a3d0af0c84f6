import { useQuery } from "@tanstack/react-query"
import { Link, Outlet, useLocation, useParams } from "@tanstack/react-router"
import { useEffect } from "react"
import { SettingsIcon } from "@solar-icons/react/linear/settings"

import { Dialogs } from "@/app/dialogs"
import { useLive } from "@/app/live"
import { useShellShortcuts } from "@/app/shell-shortcuts"
import { VersionLine } from "@/app/version-line"
import { Tip } from "@/components/ui/tooltip"
import { ProjectTiles, Rail, tileLook } from "@/features/projects/rail"
import { api } from "@/lib/api"
import { usePreference } from "@/lib/preferences"
import { projectsQuery } from "@/lib/queries"
import { ask, useShell } from "@/lib/shell"
import { setSingleLetters } from "@/lib/shortcuts"
import { useConnection } from "@/lib/socket"

/** The line was ended because the session was: asking once more lets the answer's 401 lead to the door. */
function useSignedOutElsewhere(): void {
  const { state, ended } = useConnection()
  const isOver = state === "ended" && ended !== "too_many_sockets"
  useEffect(() => {
    if (isOver) void api.get("/me").catch(() => undefined)
  }, [isOver])
}

/** What stands around every page inside: the rail, the keys, the dialogs, and news that keep the lists live. */
export function Shell() {
  const { projectId, threadId } = useParams({ strict: false })
  const { pathname } = useLocation()
  const projects = useQuery(projectsQuery()).data ?? []
  const { size } = useShell()
  const areLettersOn = usePreference("single_key_shortcuts")
  const isSettings = pathname.includes("/settings/")

  useEffect(() => setSingleLetters(areLettersOn), [areLettersOn])
  useLive(
    projects.map((project) => project.id),
    { projectId, threadId },
  )
  useShellShortcuts()
  useSignedOutElsewhere()

  const settings = projectId ? `/p/${projectId}/settings/account` : "/settings/account"
  return (
    <div className="flex h-full flex-col">
      <VersionLine />
      <div className="grid min-h-0 flex-1 grid-cols-[var(--rail)_minmax(0,1fr)] grid-rows-[minmax(0,1fr)] max-tablet:grid-cols-1">
        {size !== "phone" && (
          <Rail
            foot={
              <Tip label="Settings">
                <Link to={settings} aria-label="Settings" aria-current={isSettings ? "true" : undefined} className={tileLook(isSettings)}>
                  <SettingsIcon size={20} />
                </Link>
              </Tip>
            }
          >
            <ProjectTiles projects={projects} openId={isSettings ? undefined : projectId} onNew={() => ask("new-project")} ground="var(--ground)" />
          </Rail>
        )}
        <Outlet />
      </div>
      <Dialogs />
    </div>
  )
}
