import { Link } from "@tanstack/react-router"
import { useQuery } from "@tanstack/react-query"
import { type ReactNode, useId } from "react"

import { LineUp, type LineUpProps, Order, turnsWords } from "@/features/conversation/composer/line-up"
import { Rounds } from "@/features/conversation/composer/rounds"
import { Sight } from "@/features/conversation/composer/sight"
import { useRoom } from "@/features/conversation/room-context"
import { Segmented } from "@/components/ui/choice"
import { Glyph } from "@/components/ui/glyph"
import type { Mode, RunView, ThreadView } from "@/lib/protocol"
import { slotOf } from "@/lib/protocol"
import { projectsQuery } from "@/lib/queries"

interface BarProps {
  mode: Mode
  onMode: (mode: Mode) => void
  lineUp: LineUpProps
  thread: ThreadView
  /** The talk that is going on. */
  talk: RunView | null
  rounds: number
  mostRounds: number
  onRounds: (rounds: number) => void
  children: ReactNode
}

const MODES: readonly { value: Mode; label: string }[] = [
  { value: "ask", label: "Ask" },
  { value: "talk", label: "Talk" },
  { value: "debate", label: "Debate" },
]

/** Under the field: what kind of saying it is, who answers, what they see. A debate has one row more. */
export function ComposerBar({ mode, onMode, lineUp, thread, talk, rounds, mostRounds, onRounds, children }: BarProps) {
  const { offered, areModelsKnown } = useRoom()
  const name = useId()
  const isFree = lineUp.models.length > 0 && lineUp.models.every((model) => model.price_in === 0 && model.price_out === 0)
  return (
    <>
      {mode === "debate" && (
        <div className="composer-options">
          <span className="text-ink-3">Order</span>
          <Order {...lineUp} />
          <span className="ml-3 text-ink-3">Rounds</span>
          <Rounds value={rounds} most={mostRounds} onChange={onRounds} />
        </div>
      )}
      <div className="composer-bar" data-models={lineUp.models.length > 2 ? "many" : "few"}>
        {offered.length > 0 && <Segmented<Mode> label="Mode" name={name} value={mode} options={MODES} onChange={onMode} />}
        {offered.length > 0 && <span className="composer-rule" />}
        <div className="flex min-w-0 grow items-center">
          {offered.length === 0 ? (
            areModelsKnown && <NoModels />
          ) : mode === "ask" ? (
            <LineUp {...lineUp} />
          ) : mode === "talk" ? (
            <Listeners talk={talk} />
          ) : (
            <span className="composer-words cut px-2 text-small text-ink-3">{turnsWords(lineUp.models.length, rounds)}</span>
          )}
        </div>
        {mode === "ask" && lineUp.models.length > 1 && (
          <span className="composer-sight">
            <Sight value={thread.visibility} />
          </span>
        )}
        {mode !== "talk" && isFree && <span className="composer-cost num">free</span>}
        {children}
      </div>
    </>
  )
}

/** Talk asks nobody; while models speak in turn they read it before their next turn. */
function Listeners({ talk }: { talk: RunView | null }) {
  const { models } = useRoom()
  if (!talk) return <span className="composer-words cut px-2 text-small text-ink-3">people only; no model answers</span>
  return (
    <span className="flex min-w-0 items-center gap-[7px] px-2 text-small text-ink-3">
      {talk.models.map((id) => (
        <Glyph key={id} slot={slotOf(models.get(id)?.slot)} name={models.get(id)?.name ?? ""} />
      ))}
      <span className="composer-words cut ml-1">read it before their next turn</span>
    </span>
  )
}

/** Talking works; asking needs somebody who answers. */
function NoModels() {
  const { projectId } = useRoom()
  const project = useQuery(projectsQuery()).data?.find((one) => one.id === projectId)
  if (project?.permissions.includes("manage_models"))
    return (
      <span className="composer-words cut px-2 text-ui text-ink-3">
        No model answers here yet.{" "}
        <Link to="/p/$projectId/settings/$page" params={{ projectId, page: "models" }} className="font-medium text-pen hover:underline">
          Add a model
        </Link>
      </span>
    )
  return <span className="composer-words cut px-2 text-ui text-ink-3">Nobody has added a model yet. People read what you say.</span>
}
