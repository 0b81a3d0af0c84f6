import { Edited } from "@/features/conversation/edited"
import { EditField } from "@/features/conversation/edit-field"
import { Actions } from "@/features/conversation/message-actions"
import { headlineOf } from "@/features/conversation/headline"
import { useRoom } from "@/features/conversation/room-context"
import type { AskRow as Row } from "@/features/conversation/rows"
import { useHot } from "@/features/conversation/use-hot"
import { StartedFrom } from "@/features/conversation/started-from"
import { JoinRow } from "@/features/runs/join-row"
import { Lanes } from "@/features/runs/lanes"
import { Avatar } from "@/components/ui/avatar"
import { cn } from "@/lib/cn"
import { inWords, time } from "@/lib/format"
import { Markdown } from "@/lib/markdown/markdown"
import { Text } from "@/lib/markdown/inline"
import { plain } from "@/lib/markdown/safe"
import { askedOf, type Message, runKindOf } from "@/lib/protocol"
import { useStore } from "@/lib/store"

/** A question as the page's headline, and under it what was answered. */
export function AskRow({ row }: { row: Row }) {
  const { question, lanes, run, hasRule } = row
  return (
    <section className={cn("ask", !hasRule && "has-no-rule")} aria-label={question ? `Question by ${plain(question.author.name)}: ${plain(question.body).slice(0, 80)}` : "Answers"} data-row={row.seq} data-message={question?.id} tabIndex={-1}>
      {question && <Question message={question} />}
      {lanes.length > 0 && (
        <div className="ask-answers">
          <Lanes seq={lanes[0]?.seq ?? row.seq} lanes={lanes} />
          <JoinRow lanes={lanes} run={run} />
        </div>
      )}
    </section>
  )
}

function Question({ message }: { message: Message }) {
  const { ui, isPhone } = useRoom()
  const isEditing = useStore(ui).editing === message.id
  const { isHot, handlers } = useHot(message.id)
  const name = plain(message.author.name)
  const { headline, rest } = headlineOf(message.body)
  return (
    <div
      className="say is-question"
      {...handlers}
    >
      <Avatar name={name} className="max-tablet:hidden" />
      <div className="say-body">
        <div className="by-line">
          <b>{name}</b>
          <time>{time(message.created_at)}</time>
          <span className="cut">{askedWords(message, isPhone)}</span>
          <Edited message={message} />
        </div>
        {isEditing ? (
          <EditField message={message} />
        ) : (
          <>
            {headline && <h3 className="headline"><Text text={headline} /></h3>}
            {rest && <Markdown text={rest} hasBreaks className={headline ? "mt-1.5" : undefined} />}
          </>
        )}
        <StartedFrom messageId={message.id} />
      </div>
      {isHot && !isEditing && <Actions message={message} lane={null} />}
    </div>
  )
}

const SIGHT: Record<string, string> = { isolated: "each on its own", selected: "all see the chosen answer", shared: "all see all" }

/** asked three models, each on its own */
function askedWords(message: Message, isShort: boolean): string {
  const count = askedOf(message).length
  const models = `${inWords(count)} model${count === 1 ? "" : "s"}`
  const asked = isShort ? models : `asked ${models}`
  if (runKindOf(message) === "in_turn") return `${asked}${isShort ? "," : ""} to talk it over, in turn`
  if (count < 2) return asked
  const sight = SIGHT[message.meta.visibility ?? ""]
  return sight ? `${asked}, ${sight}` : asked
}
