import { Actions } from "@/features/conversation/message-actions"
import { Edited } from "@/features/conversation/edited"
import { EditField } from "@/features/conversation/edit-field"
import { Quoted } from "@/features/conversation/quoted"
import { useRoom } from "@/features/conversation/room-context"
import type { SayRow as Row } from "@/features/conversation/rows"
import { Said } from "@/features/conversation/said"
import { useHot } from "@/features/conversation/use-hot"
import { StartedFrom } from "@/features/conversation/started-from"
import { LaneBody } from "@/features/runs/lane-body"
import { LaneFoot, Siblings } from "@/features/runs/lane-foot"
import { LaneState } from "@/features/runs/lane-head"
import { ruleOf } from "@/features/runs/lane-look"
import { RowFigures } from "@/features/runs/stats"
import { usePhase } from "@/features/runs/use-answer"
import { Avatar } from "@/components/ui/avatar"
import { Glyph, hueClass } from "@/components/ui/glyph"
import { cn } from "@/lib/cn"
import { time } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import { isByModel, slotOf } from "@/lib/protocol"
import { useStore } from "@/lib/store"

/** What one person or model said, in the order it was said. */
export function SayRow({ row }: { row: Row }) {
  if (row.message.state === "deleted") return <Gone row={row} />
  return isByModel(row.message) ? <ModelSays row={row} /> : <PersonSays row={row} />
}

function PersonSays({ row: { message, isMore, hasMore, before } }: { row: Row }) {
  const { ui } = useRoom()
  const isEditing = useStore(ui).editing === message.id
  const { isHot, handlers } = useHot(message.id)
  const name = plain(message.author.name)
  return (
    <div className={cn("say", isMore && "is-more", hasMore && "has-more")} data-row={message.seq} data-message={message.id} tabIndex={-1} {...handlers}>
      {isMore ? <time className="say-time num">{time(message.created_at)}</time> : <Avatar name={name} />}
      <div className="say-body">
        {!isMore && (
          <div className="by-line">
            <b>{name}</b>
            <time>{time(message.created_at)}</time>
            {before !== null && <span className="cut">before {plain(before)}’s turn</span>}
            <Edited message={message} />
          </div>
        )}
        {message.reply_to != null && <Quoted seq={message.reply_to} />}
        {isEditing ? <EditField message={message} /> : <Said message={message} hasEdited={isMore} />}
        <StartedFrom messageId={message.id} />
      </div>
      {isHot && !isEditing && <Actions message={message} lane={null} />}
    </div>
  )
}

function ModelSays({ row: { message, lane, isAnswer } }: { row: Row }) {
  const { models } = useRoom()
  const phase = usePhase(message)
  const { isHot, handlers } = useHot(message.id)
  const name = plain(message.author.name)
  const slot = slotOf(message.author.slot ?? models.get(message.author.id)?.slot)
  const rule = ruleOf(phase)
  const isOver = rule === "full" || rule === "off"
  return (
    <article className={cn("say", isAnswer && "is-answer", hueClass(slot))} data-row={message.seq} data-message={message.id} data-phase={phase} aria-label={name} tabIndex={-1} {...handlers}>
      {!isOver && <i className={cn("row-rule", `rule-${rule}`)} />}
      <span className="grid size-7 place-items-center">
        <Glyph slot={slot} name={name} size={18} />
      </span>
      <div className="say-body">
        <div className="by-line">
          <b className="cut">{name}</b>
          <time>{time(message.created_at)}</time>
          <RowFigures message={message} />
          <span className="grow" />
          {!isOver || phase !== "done" ? <LaneState message={message} phase={phase} name={name} /> : null}
        </div>
        {lane && <LaneBody lane={lane} phase={phase} name={name} foldedTo={0} />}
        {lane && isAnswer && <LaneFoot lane={lane} phase={phase} name={name} />}
        {lane && !isAnswer && lane.siblings.length > 1 && (
          <div className="lane-foot">
            <Siblings lane={lane} />
          </div>
        )}
        <StartedFrom messageId={message.id} />
      </div>
      {isHot && isOver && !isAnswer && <Actions message={message} lane={lane} />}
    </article>
  )
}

/** Its place is kept. */
function Gone({ row: { message } }: { row: Row }) {
  const { isHot, handlers } = useHot(message.id)
  const name = plain(message.author.name)
  return (
    <div className="say" data-row={message.seq} data-message={message.id} tabIndex={-1} {...handlers}>
      {isByModel(message) ? (
        <span className="grid size-7 place-items-center">
          <Glyph slot={slotOf(message.author.slot)} name={name} size={18} />
        </span>
      ) : (
        <Avatar name={name} isAway />
      )}
      <p className="text-lane/[28px] text-ink-3">
        {isByModel(message) ? "Deleted" : `Deleted by ${name}`} <time className="num ml-1 text-small">{time(message.created_at)}</time>
      </p>
      {isHot && <Actions message={message} lane={null} />}
    </div>
  )
}
