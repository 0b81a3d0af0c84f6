import { Edited } from "@/features/conversation/edited"
import { Markdown } from "@/lib/markdown/markdown"
import type { Message } from "@/lib/protocol"

/** A person's words. New lines are as they wrote them. */
export function Said({ message, hasEdited }: { message: Message; hasEdited: boolean }) {
  return (
    <div className="flex items-baseline gap-2">
      <Markdown text={message.body} hasBreaks className="min-w-0" />
      {hasEdited && <Edited message={message} />}
    </div>
  )
}
