import { useQuery } from "@tanstack/react-query"

import { loadRevisions } from "@/features/conversation/api"
import { Sheet } from "@/components/ui/sheet"
import { Skeleton } from "@/components/ui/skeleton"
import { wordsOf } from "@/lib/api"
import { time, when } from "@/lib/format"
import { Markdown } from "@/lib/markdown/markdown"
import { plain } from "@/lib/markdown/safe"
import type { Message } from "@/lib/protocol"

/** What an edited message said before, the newest first. */
export default function VersionsSheet({ message, onClose }: { message: Message; onClose: () => void }) {
  const revisions = useQuery({ queryKey: ["revisions", message.id, message.revision ?? 1], queryFn: () => loadRevisions(message.id), staleTime: Infinity })
  const older = [...(revisions.data ?? [])].sort((a, b) => b.revision - a.revision)
  return (
    <Sheet isOpen onClose={onClose} title="Versions" about={`${plain(message.author.name)}, ${time(message.created_at)}`}>
      <section className="pb-4">
        <h4 className="text-small text-ink-3">Now{message.edited_at && `, since ${when(message.edited_at)}`}</h4>
        <Markdown text={message.body} hasBreaks className="mt-1" />
      </section>
      {revisions.isPending && <Skeleton />}
      {revisions.isError && <p className="pb-4 text-ink-2">{wordsOf(revisions.error)}</p>}
      {older.map((revision) => (
        <section key={revision.revision} className="border-t border-line py-4">
          <h4 className="text-small text-ink-3">
            Until {when(revision.edited_at)}, changed by {plain(revision.editor_name)}
          </h4>
          <Markdown text={revision.body} hasBreaks className="mt-1 text-ink-2" />
        </section>
      ))}
    </Sheet>
  )
}
