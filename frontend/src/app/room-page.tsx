import { useQuery } from "@tanstack/react-query"
import { Link, useParams, useSearch } from "@tanstack/react-router"
import { useEffect } from "react"
import { AltArrowLeftIcon } from "@solar-icons/react/linear/alt-arrow-left"
import { HamburgerMenuIcon } from "@solar-icons/react/linear/hamburger-menu"
import { PanelRightIcon } from "@solar-icons/react/linear/panel-right"
import { PanelRightIcon as PanelRightOn } from "@solar-icons/react/bold/panel-right"

import { ConnectionLine } from "@/app/connection-line"
import { NothingHere } from "@/app/nothing-here"
import { RoomPanel } from "@/app/room-panel"
import { keepPlace, leavePlace } from "@/app/places"
import { IconButton, iconButtonLook } from "@/components/ui/icon-button"
import { Over } from "@/components/ui/over"
import Room from "@/features/conversation/room"
import { useSigns } from "@/features/threads/signs"
import { ApiError } from "@/lib/api"
import { projectsQuery, threadQuery } from "@/lib/queries"
import { closePanel, toggleList, togglePanel, useShell } from "@/lib/shell"

/** One thread: its room, and beside it the panel. */
export function RoomPage() {
  const { projectId, threadId } = useParams({ from: "/inside/p/$projectId/t/$threadId" })
  const { branch, at } = useSearch({ from: "/inside/p/$projectId/t/$threadId" })
  const { panel } = useShell()
  const detail = useQuery(threadQuery(threadId))
  const projectName = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)?.name ?? ""
  const title = detail.data?.thread.title
  const { gone } = useSigns()
  const isGone = gone[threadId] ?? (detail.error instanceof ApiError && detail.error.isGone)

  useEffect(() => {
    document.title = `${title || "New thread"} · ${projectName}`
  }, [title, projectName])
  useEffect(() => {
    if (isGone) leavePlace(projectId)
    else keepPlace(projectId, threadId)
  }, [isGone, projectId, threadId])

  // A sheet opens in the room, not over the panel that asked for it.
  useEffect(() => {
    document.documentElement.style.setProperty("--sheet-right", panel === "beside" ? "var(--panel)" : "0px")
    return () => void document.documentElement.style.removeProperty("--sheet-right")
  }, [panel])

  if (isGone || (detail.data && detail.data.thread.project_id !== projectId)) return <NothingHere />
  const panelContent = <RoomPanel projectId={projectId} threadId={threadId} />
  return (
    <>
      <div className={`grid min-h-0 min-w-0 grid-rows-[minmax(0,1fr)] ${panel === "beside" ? "grid-cols-[minmax(0,1fr)_var(--panel)]" : "grid-cols-[minmax(0,1fr)]"}`}>
        {panel !== "screen" && (
          <Room
            key={threadId}
            projectId={projectId}
            threadId={threadId}
            {...(branch && { branchId: branch })}
            {...(at && { at })}
            start={<ListButton projectId={projectId} />}
            end={<PanelButton />}
            notice={<ConnectionLine />}
          />
        )}
        {(panel === "beside" || panel === "screen") && panelContent}
      </div>
      {panel !== "beside" && panel !== "screen" && (
        <Over isOpen={panel === "over"} onClose={closePanel} side="right" label="People and branches">
          {panelContent}
        </Over>
      )}
    </>
  )
}

/** At the head's left: back to the list on a phone, the list itself where it is not beside the room. */
function ListButton({ projectId }: { projectId: string }) {
  const { size, list } = useShell()
  if (list === "beside") return null
  if (size === "phone")
    return (
      <Link to="/p/$projectId" params={{ projectId }} aria-label="Back to the threads" className={iconButtonLook()}>
        <AltArrowLeftIcon size={18} />
      </Link>
    )
  return (
    <IconButton label="Threads" keys="mod+\" onClick={toggleList}>
      <HamburgerMenuIcon size={18} />
    </IconButton>
  )
}

function PanelButton() {
  const { panel } = useShell()
  const isOpen = panel === "beside"
  return (
    <IconButton label="People and branches" keys="mod+." isOn={isOpen} aria-pressed={isOpen} onClick={() => togglePanel()}>
      {isOpen ? <PanelRightOn size={18} /> : <PanelRightIcon size={18} />}
    </IconButton>
  )
}
