import { Dialog } from "@base-ui/react/dialog"
import { useQuery } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import { useId, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from "react"
import { ChatRoundLineIcon } from "@solar-icons/react/linear/chat-round-line"
import { CommandIcon } from "@solar-icons/react/linear/command"
import { MinimalisticMagnifierIcon } from "@solar-icons/react/linear/minimalistic-magnifier"
import { SettingsIcon } from "@solar-icons/react/linear/settings"

import { match, type Match } from "@/app/find"
import { Kbd, Keys } from "@/components/ui/kbd"
import { shownRows } from "@/features/threads/use-thread-list"
import { cn } from "@/lib/cn"
import { initial, when } from "@/lib/format"
import { projectsQuery } from "@/lib/queries"
import { activeShortcuts } from "@/lib/shortcuts"

interface Entry {
  id: string
  group: "Do" | "Go to"
  icon: ReactNode
  text: string
  end: ReactNode
  run: () => void
}
interface Found extends Entry {
  found: Match
}

/** What is offered before anything is typed. */
const FIRST = ["New thread", "Who answers", "Invite somebody"]
const FEW = 3
const MANY = 8

/** Find or do anything: commands and places, from memory, within one frame. */
export default function Palette({ projectId, onClose }: { projectId: string | null; onClose: () => void }) {
  const [typed, setTyped] = useState("")
  const [at, setAt] = useState(0)
  const entries = useEntries(projectId)
  const found = useMemo(() => search(entries, typed), [entries, typed])
  const list = useId()
  const results = useRef<HTMLDivElement>(null)
  const option = (index: number) => `${list}-${index}`

  function choose(entry: Found | undefined) {
    if (!entry) return
    onClose()
    // After the dialog has given the focus back: what the command opens keeps it.
    setTimeout(entry.run)
  }
  function move(to: number) {
    const next = (to + found.length) % Math.max(1, found.length)
    setAt(next)
    results.current?.querySelectorAll("[role=option]")[next]?.scrollIntoView({ block: "nearest" })
  }
  function onKeyDown(event: KeyboardEvent) {
    if (event.nativeEvent.isComposing) return
    if (event.key === "ArrowDown") move(at + 1)
    else if (event.key === "ArrowUp") move(at - 1)
    else if (event.key === "Enter") choose(found[at])
    else return
    event.preventDefault()
  }

  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fades fixed inset-0 z-30 bg-(--scrim)" />
        <Dialog.Popup
          aria-label="Find or do anything"
          className="opens fixed top-[12vh] left-1/2 z-30 flex max-h-[76vh] w-[640px] max-w-[calc(100vw-24px)] -translate-x-1/2 flex-col overflow-hidden rounded-lg bg-raised shadow-float outline-none max-tablet:inset-0 max-tablet:max-h-none max-tablet:w-full max-tablet:max-w-none max-tablet:translate-x-0 max-tablet:rounded-none"
        >
          <div className="flex h-14 shrink-0 items-center gap-3 border-b border-line px-5 text-[1.0625rem]">
            <MinimalisticMagnifierIcon size={18} className="text-ink-2" />
            <input
              role="combobox"
              aria-label="Find or do anything"
              aria-expanded="true"
              aria-controls={list}
              aria-activedescendant={found.length ? option(at) : undefined}
              aria-autocomplete="list"
              placeholder="Find or do anything"
              value={typed}
              onChange={(event) => {
                setTyped(event.target.value)
                setAt(0)
              }}
              onKeyDown={onKeyDown}
              spellCheck={false}
              autoComplete="off"
              className="min-w-0 grow bg-transparent outline-none"
            />
            <button type="button" aria-label="Close, esc" onClick={onClose} className="hit">
              <Kbd>esc</Kbd>
            </button>
          </div>
          <div ref={results} id={list} role="listbox" aria-label="Results" className="min-h-0 overflow-y-auto px-2 pt-0.5 pb-2">
            {(["Do", "Go to"] as const).map((group) => {
              const some = found.filter((entry) => entry.group === group)
              if (some.length === 0) return null
              return (
                <div key={group} role="group" aria-label={group}>
                  <p aria-hidden="true" className="px-3 pt-3.5 pb-[7px] text-small/none font-medium text-ink-3">
                    {group}
                  </p>
                  {some.map((entry) => {
                    const index = found.indexOf(entry)
                    return (
                      <div
                        key={entry.id}
                        id={option(index)}
                        role="option"
                        aria-selected={index === at}
                        onPointerMove={() => setAt(index)}
                        onClick={() => choose(entry)}
                        className={cn("flex min-h-[38px] cursor-default items-center gap-3 rounded-md px-3 text-ink-2 pointer-coarse:min-h-11", index === at && "bg-pen-soft")}
                      >
                        <span className="grid w-4 place-items-center">{entry.icon}</span>
                        <span className="cut min-w-0 grow text-ink">
                          <Marked text={entry.text} marks={entry.found.marks} isOn={index === at} />
                        </span>
                        <span className={cn("flex items-center gap-1.5 text-small whitespace-nowrap", index === at ? "text-ink-2" : "text-ink-3")}>{entry.end}</span>
                      </div>
                    )
                  })}
                </div>
              )
            })}
            {found.length === 0 && <p className="px-3 py-5 text-ink-3">Nothing is called “{typed.trim()}”.</p>}
          </div>
          <footer aria-hidden="true" className="mt-auto flex h-[38px] shrink-0 items-center gap-[18px] border-t border-line px-5 text-small text-ink-3 pointer-coarse:hidden">
            <span className="flex items-center gap-1.5">
              <Keys keys="arrowup+arrowdown" /> move
            </span>
            <span className="flex items-center gap-1.5">
              <Keys keys="enter" /> do
            </span>
          </footer>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function useEntries(projectId: string | null): Entry[] {
  const projects = useQuery(projectsQuery()).data
  const navigate = useNavigate()
  return useMemo(() => {
    const seen = new Set<string>()
    const commands = activeShortcuts()
      .filter(({ label, keys }) => keys !== "mod+k" && !seen.has(label) && seen.add(label))
      .map(({ label, keys, run }) => ({ id: `do ${label}`, group: "Do" as const, icon: <CommandIcon size={15} />, text: label, end: keys && <Keys keys={keys} />, run: () => void run() }))
    const threads = shownRows().rows.map(({ thread }) => ({
      id: thread.id,
      group: "Go to" as const,
      icon: <ChatRoundLineIcon size={16} />,
      text: thread.title || "New thread",
      end: when(thread.active_at),
      run: () => void navigate({ to: "/p/$projectId/t/$threadId", params: { projectId: thread.project_id, threadId: thread.id }, search: {} }),
    }))
    const places = (projects ?? [])
      .filter((project) => project.id !== projectId)
      .map((project) => ({
        id: project.id,
        group: "Go to" as const,
        icon: <span className="font-serif text-[0.9375rem]/none font-medium">{initial(project.name)}</span>,
        text: project.name,
        end: "project",
        run: () => void navigate({ to: "/p/$projectId", params: { projectId: project.id } }),
      }))
    const pages = [["account", "Account"], ...(projectId ? [["project", "Project"], ["people", "People"], ["models", "Models"]] : []), ["server", "This server"]] as const
    const settings = pages.map(([page = "", name = ""]) => ({
      id: `settings ${page}`,
      group: "Go to" as const,
      icon: <SettingsIcon size={16} />,
      text: name,
      end: "settings",
      run: () => void (projectId ? navigate({ to: "/p/$projectId/settings/$page", params: { projectId, page } }) : navigate({ to: "/settings/$page", params: { page } })),
    }))
    return [...commands, ...threads, ...places, ...settings]
  }, [projects, projectId, navigate])
}

/** The best of each group: a few until something is typed. */
function search(entries: readonly Entry[], typed: string): Found[] {
  const most = typed.trim() ? MANY : FEW
  const all = entries.flatMap((entry) => {
    const found = match(entry.text, typed)
    return found ? [{ ...entry, found }] : []
  })
  const place = ({ text }: Entry) => {
    const at = FIRST.findIndex((name) => text.startsWith(name))
    return at < 0 ? FIRST.length : at
  }
  const best = (group: Entry["group"]) =>
    all
      .filter((entry) => entry.group === group)
      .toSorted((a, b) => a.found.rank - b.found.rank || place(a) - place(b))
      .slice(0, most)
  return [...best("Do"), ...best("Go to")]
}

function Marked({ text, marks, isOn }: { text: string; marks: Match["marks"]; isOn: boolean }) {
  const parts: ReactNode[] = []
  let from = 0
  for (const [start, end] of marks) {
    parts.push(text.slice(from, start))
    parts.push(
      <b key={start} className={cn("font-semibold", isOn ? "text-pen-strong" : "text-pen")}>
        {text.slice(start, end)}
      </b>,
    )
    from = end
  }
  return (
    <>
      {parts}
      {text.slice(from)}
    </>
  )
}
