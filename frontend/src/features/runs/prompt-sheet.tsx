import { useQuery } from "@tanstack/react-query"

import { loadPrompt } from "@/features/conversation/api"
import { Button } from "@/components/ui/button"
import { Sheet } from "@/components/ui/sheet"
import { Skeleton } from "@/components/ui/skeleton"
import { wordsOf } from "@/lib/api"
import { useCopy } from "@/lib/clipboard"
import { time } from "@/lib/format"
import { plain, reveal } from "@/lib/markdown/safe"
import type { Message } from "@/lib/protocol"

const WHO = { system: "Who it is, and who is here", user: "What it was told", assistant: "What it had said" } as const

/** The very request a model was given, part by part. */
export default function PromptSheet({ message, onClose }: { message: Message; onClose: () => void }) {
  const turnId = message.turn_id ?? ""
  const prompt = useQuery({ queryKey: ["prompt", turnId], queryFn: () => loadPrompt(turnId), staleTime: Infinity })
  const [isCopied, copy] = useCopy()
  const parts = prompt.data?.messages ?? []
  return (
    <Sheet
      isOpen
      onClose={onClose}
      title={`What ${plain(message.author.name)} saw`}
      about={`${time(message.created_at)}${message.meta.tokens_in ? ` · ${message.meta.tokens_in.toLocaleString("en")} tokens` : ""}`}
      foot={
        prompt.data && (
          <>
            <span className="grow" />
            <Button look="quiet" onClick={() => copy(JSON.stringify(parts.map(({ role, content }) => ({ role, content })), null, 2))}>
              {isCopied ? "Copied" : "Copy as JSON"}
            </Button>
          </>
        )
      }
    >
      {prompt.isPending && <Skeleton />}
      {prompt.isError && <p className="pb-4 text-ink-2">{wordsOf(prompt.error)}</p>}
      <ol className="pb-4">
        {parts.map((part, index) => (
          <li key={index} className="border-t border-line py-3 first:border-0 first:pt-0">
            <h4 className="text-small text-ink-3">{WHO[part.role]}</h4>
            <p className="mt-1 font-mono text-[0.78125rem]/[1.6] break-words whitespace-pre-wrap">
              {reveal(part.content).map((piece, at) => (typeof piece === "string" ? piece : <mark key={at} className="bg-warn-soft text-warn">{piece.hidden}</mark>))}
            </p>
          </li>
        ))}
      </ol>
    </Sheet>
  )
}
