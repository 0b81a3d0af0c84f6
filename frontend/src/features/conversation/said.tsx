import { Edited } from "@/features/conversation/edited"
import { Markdown } from "@/lib/markdown/markdown"
import type { Message } from "@/lib/protocol"

/** A person's words. New lines are as they wrote them. */
export function Said({ message, hasEdited }: { message: Message; hasEdited: boolean }) {
  return (
    <div className="flex items-end gap-2">
      <Markdown text={message.body} hasBreaks className="min-w-0" />
      {hasEdited && (
        // A line as high as the words': what stands in a part has no baseline outside of it.
        <span className="shrink-0 text-lane leading-(--lh-lane) max-tablet:text-[1rem]">
          <Edited message={message} />
        </span>
      )}
    </div>
  )
}
