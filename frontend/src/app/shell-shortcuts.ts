import { useQuery } from "@tanstack/react-query"
import { useNavigate, useParams } from "@tanstack/react-router"

import { placeOf } from "@/features/threads/signs"
import type { ThreadRow } from "@/lib/protocol.gen"
import { projectsQuery } from "@/lib/queries"
import { ask, togglePanel, toggleList } from "@/lib/shell"
import { useShortcuts } from "@/lib/shortcuts"
import { flipTheme } from "@/lib/theme"
import { walk } from "@/app/walk"

/** The keys that work on every page inside. */
export function useShellShortcuts(): void {
  const { projectId, threadId } = useParams({ strict: false })
  const navigate = useNavigate()
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  const mayWrite = project?.permissions.includes("write") ?? false
  const mayInvite = project?.permissions.includes("manage_people") ?? false

  function go(row: ThreadRow | null): boolean {
    if (!row || !projectId) return false
    void navigate({ to: "/p/$projectId/t/$threadId", params: { projectId, threadId: row.thread.id }, search: placeOf(row) })
    return true
  }

  useShortcuts([
    ...(mayWrite ? [{ keys: "c", label: "New thread", group: "Threads" as const, run: () => ask("new-thread") }] : []),
    ...(mayInvite ? [{ keys: "", label: `Invite somebody to ${project?.name ?? ""}`, group: "Everywhere" as const, run: () => ask("invite") }] : []),
    { keys: "mod+k", label: "Find or do anything", group: "Everywhere", run: () => ask("palette") },
    { keys: "?", label: "All keys", group: "Everywhere", run: () => ask("keys") },
    { keys: "mod+\\", label: "Thread list", group: "Everywhere", run: toggleList },
    { keys: "mod+.", label: "People and branches", group: "Everywhere", run: () => (threadId ? togglePanel() : false) },
    { keys: "", label: "Light or dark", group: "Everywhere", run: flipTheme },
    { keys: "", label: "New project", group: "Everywhere", run: () => ask("new-project") },
    { keys: "alt+arrowdown", label: "Next thread", group: "Threads", run: () => go(walk(1, false)) },
    { keys: "alt+arrowup", label: "Thread before", group: "Threads", run: () => go(walk(-1, false)) },
    { keys: "alt+shift+arrowdown", label: "Next unread thread", group: "Threads", run: () => go(walk(1, true)) },
  ])
}
