import { useQuery, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate, useParams, useRouter } from "@tanstack/react-router"
import { lazy, Suspense, useEffect, type ReactNode } from "react"
import { AltArrowLeftIcon } from "@solar-icons/react/linear/alt-arrow-left"
import { CloseIcon } from "@solar-icons/react/linear/close"

import { NothingHere } from "@/app/nothing-here"
import { lastProject } from "@/app/places"
import { signedOutForGood } from "@/app/session"
import { SettingsNav } from "@/app/settings-nav"
import { IconButton, iconButtonLook } from "@/components/ui/icon-button"
import { Kbd } from "@/components/ui/kbd"
import { Skeleton } from "@/components/ui/skeleton"
import { toast } from "@/components/ui/toast"
import { auth } from "@/features/accounts/auth"
import { DeletedProjects } from "@/features/projects/deleted-projects"
import { SettingsPeople } from "@/features/projects/settings-people"
import { SettingsProject } from "@/features/projects/settings-project"
import { ArchivedThreads } from "@/features/threads/archived-threads"
import { wordsOf } from "@/lib/api"
import type { MeView, ProjectView } from "@/lib/protocol.gen"
import { meQuery, projectsQuery } from "@/lib/queries"
import { ask, useShell } from "@/lib/shell"
import { useShortcuts } from "@/lib/shortcuts"

const SettingsAccount = lazy(() => import("@/features/accounts/settings-account"))
const SettingsModels = lazy(() => import("@/features/projects/settings-models"))
const SettingsServer = lazy(() => import("@/app/settings-server"))

/** Settings while a project is open: its pages are among them. */
export function ProjectSettingsPage() {
  const { projectId, page } = useParams({ from: "/inside/p/$projectId/settings/$page" })
  return <Settings projectId={projectId} page={page} />
}

export function SettingsPage() {
  const { page } = useParams({ from: "/inside/settings/$page" })
  return <Settings projectId={lastProject()} page={page} />
}

const TITLES: Readonly<Record<string, string>> = { account: "Account", project: "Project", people: "People", models: "Models", server: "This server", index: "Settings" }

function Settings({ projectId, page }: { projectId: string | undefined; page: string }) {
  const me = useQuery(meQuery()).data
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  const navigate = useNavigate()
  const router = useRouter()
  const client = useQueryClient()
  const isPhone = useShell().size === "phone"
  const title = TITLES[page]

  const back = () => void (project ? navigate({ to: "/p/$projectId", params: { projectId: project.id } }) : navigate({ to: "/" }))
  useShortcuts([{ keys: "escape", label: "Back to the room", group: "Everywhere", run: back, isInFields: true }])
  useEffect(() => {
    document.title = `${title ?? "Settings"} · Parley`
  }, [title])

  async function signOut() {
    try {
      await auth.signOut()
      signedOutForGood(client, router)
    } catch (error) {
      toast({ text: wordsOf(error), isRefusal: true })
    }
  }

  if (!me || !title) return <NothingHere />
  const nav = <SettingsNav me={me} project={project} page={page} onSignOut={() => void signOut()} onBack={back} />
  if (isPhone && page === "index") return nav
  const content = contentOf(page === "index" ? "account" : page, me, project, () => void navigate({ to: "/" }))
  if (!content) return <NothingHere />

  return (
    <div className="grid min-h-0 min-w-0 grid-cols-[var(--list)_minmax(0,1fr)] grid-rows-[minmax(0,1fr)] max-tablet:grid-cols-1">
      {!isPhone && nav}
      <main aria-label={title} className="relative min-w-0 overflow-y-auto bg-paper px-[72px] pt-11 pb-8 max-laptop:px-8 max-tablet:px-5 max-tablet:pt-4">
        {isPhone ? (
          <Link to={project ? "/p/$projectId/settings/$page" : "/settings/$page"} params={{ projectId: project?.id ?? "", page: "index" }} aria-label="All settings" className={iconButtonLook({ className: "mb-2 -ml-3" })}>
            <AltArrowLeftIcon size={18} />
          </Link>
        ) : (
          <div className="absolute top-2 right-2.5 flex items-center gap-2">
            <Kbd>esc</Kbd>
            <IconButton label="Back to the room" onClick={back}>
              <CloseIcon size={18} />
            </IconButton>
          </div>
        )}
        <Suspense fallback={<Skeleton />}>{content}</Suspense>
      </main>
    </div>
  )
}

function contentOf(page: string, me: MeView, project: ProjectView | undefined, onGone: () => void): ReactNode {
  if (page === "account")
    return (
      <SettingsAccount me={me}>
        <DeletedProjects />
      </SettingsAccount>
    )
  if (page === "server") return <SettingsServer />
  if (!project) return null
  switch (page) {
    case "project":
      return (
        <SettingsProject
          key={project.id}
          project={project}
          meId={me.id}
          onGone={onGone}
          archived={<ArchivedThreads projectId={project.id} canWrite={project.permissions.includes("write") && !project.archived_at} />}
        />
      )
    case "people":
      return <SettingsPeople project={project} meId={me.id} onInvite={() => ask("invite")} />
    case "models":
      return <SettingsModels project={project} isStaff={me.is_staff} />
    default:
      return null
  }
}
