import { AltArrowRightIcon } from "@solar-icons/react/linear/alt-arrow-right"
import { ChatRoundDotsIcon } from "@solar-icons/react/linear/chat-round-dots"
import { Columns3Icon } from "@solar-icons/react/linear/columns-3"
import { ServerMinimalisticIcon } from "@solar-icons/react/linear/server-minimalistic"
import { UserPlusIcon } from "@solar-icons/react/linear/user-plus"
import { Link } from "@tanstack/react-router"
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useState } from "react"

import { Composer, type Suggestion } from "@/features/conversation/composer/composer"
import { useRoom } from "@/features/conversation/room-context"
import { capital, inWords } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import type { ThreadView } from "@/lib/protocol"
import { projectsQuery } from "@/lib/queries"
import { ask } from "@/lib/shell"

const QUESTION = "What would make a first-time visitor trust us?"
const MOTION = "People should work from wherever they like."

/** Nothing was asked here yet: a sentence, the composer, and three things to do. */
export function EmptyRoom({ thread }: { thread: ThreadView }) {
  const { projectId, canWrite, offered } = useRoom()
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  const [suggestion, setSuggestion] = useState<Suggestion | null>(null)
  const may = (permission: string) => project?.permissions.includes(permission) ?? false
  const lineUp = thread.line_up.flatMap((id) => offered.find((model) => model.model_id === id) ?? [])
  const suggest = (body: string, mode: Suggestion["mode"]) => setSuggestion((now) => ({ body, mode, turn: (now?.turn ?? 0) + 1 }))
  return (
    <div className="room-main grid grid-cols-[minmax(0,720px)] justify-center [align-content:safe_center] overflow-auto px-8 pt-6 pb-[84px] max-tablet:px-4">
      <h1 className="font-serif text-title/[1.2] tracking-[-0.016em] text-balance">{canWrite ? "What shall we think about?" : "Nothing has been asked here yet."}</h1>
      <p className="mt-2 mb-[22px] text-lane/[1.55] text-ink-2">
        {canWrite ? "Everyone in this room sees each answer as it is written." : "You read along: what is asked and answered comes as it is written."}
      </p>
      <Composer thread={thread} isAlone suggestion={suggestion} />
      {canWrite && (
        <ul className="mt-[22px]" aria-label="Ideas">
          {offered.length > 1 && (
            <Idea icon={<Columns3Icon size={18} />} title={`Ask ${inWords(Math.max(2, lineUp.length))} models the same question`} onSelect={() => suggest(QUESTION, "ask")}>
              “{QUESTION}” Their answers come side by side.
            </Idea>
          )}
          {offered.length > 1 && (
            <Idea icon={<ChatRoundDotsIcon size={18} />} title="Let models talk it over" onSelect={() => suggest(MOTION, "debate")}>
              “{MOTION}” They speak in turn, and you may come in between.
            </Idea>
          )}
          {may("manage_people") && !thread.is_private && (
            <Idea icon={<UserPlusIcon size={18} />} title="Invite someone" onSelect={() => ask("invite")}>
              A link that works for seven days. They see this room as you do.
            </Idea>
          )}
        </ul>
      )}
      {canWrite && <WhereTheyRun lineUp={lineUp} mayAdd={may("manage_models")} projectId={projectId} />}
    </div>
  )
}

function Idea({ icon, title, children, onSelect }: { icon: ReactNode; title: string; children: ReactNode; onSelect: () => void }) {
  return (
    <li className="border-b border-line last:border-0">
      <button type="button" onClick={onSelect} className="flex w-full items-center gap-4 px-[17px] py-[13px] text-left text-ink-2 hover:bg-hover">
        {icon}
        <span className="min-w-0 grow">
          <b className="font-semibold text-ink">{title}</b>
          <span className="mt-0.5 block text-ink-3">{children}</span>
        </span>
        <AltArrowRightIcon size={16} className="text-ink-3" />
      </button>
    </li>
  )
}

/** Where the models of the line-up run, and the way to stronger ones. */
function WhereTheyRun({ lineUp, mayAdd, projectId }: { lineUp: readonly { name: string; is_demo: boolean; price_in: number | null }[]; mayAdd: boolean; projectId: string }) {
  if (!lineUp.length) return null
  const areFree = lineUp.every((model) => model.price_in === 0)
  const areDemo = lineUp.every((model) => model.is_demo)
  if (!areFree && !areDemo) return null
  const who = lineUp.length === 1 ? plain(lineUp[0]?.name ?? "") : lineUp.length === 2 ? "Both" : `All ${inWords(lineUp.length)}`
  const verb = lineUp.length === 1 ? "runs on this server and costs" : "run on this server and cost"
  return (
    <p className="mt-5 flex items-center gap-[7px] text-ink-3">
      <ServerMinimalisticIcon size={16} />
      <span>
        {capital(who)} {verb} nothing.{" "}
        {mayAdd && (
          <>
            <Link to="/p/$projectId/settings/$page" params={{ projectId, page: "models" }} className="font-medium text-pen hover:underline">
              Add a stronger model
            </Link>{" "}
            with a key or an address.
          </>
        )}
      </span>
    </p>
  )
}
