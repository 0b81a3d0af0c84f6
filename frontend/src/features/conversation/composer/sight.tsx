import { attempt } from "@/features/conversation/actions"
import { setVisibility } from "@/features/conversation/api"
import { useRoom } from "@/features/conversation/room-context"
import ChevronDown from "@/components/ui/icons/chevron-down"
import { Menu, MenuRadioItems } from "@/components/ui/menu"
import type { Visibility } from "@/lib/protocol"

const SIGHTS: readonly { value: Visibility; label: string; note: string }[] = [
  { value: "isolated", label: "each on its own", note: "only its own earlier answers" },
  { value: "selected", label: "all see the chosen answer", note: "one for each question" },
  { value: "shared", label: "all see all", note: "with names; costs more" },
]

/** What each model sees of the others' earlier answers; the same for everybody in this thread. */
export function Sight({ value }: { value: string }) {
  const { store, threadId } = useRoom()
  const now = SIGHTS.find((sight) => sight.value === value) ?? SIGHTS[0]
  function change(next: Visibility) {
    const { thread } = store.current.view
    if (thread) store.update((state) => ({ ...state, view: { ...state.view, thread: { ...thread, visibility: next } } }))
    void attempt(() => setVisibility(threadId, next)).then((isDone) => {
      if (!isDone && thread) store.update((state) => ({ ...state, view: { ...state.view, thread } }))
    })
  }
  return (
    <Menu
      label="What each model sees"
      side="top"
      align="end"
      trigger={
        <button type="button" className="model-chip shrink-0 font-normal text-ink-2" aria-label={`What each model sees: ${now?.label ?? ""}`}>
          {now?.label}
          <ChevronDown />
        </button>
      }
    >
      <MenuRadioItems<Visibility> value={now?.value ?? "isolated"} options={SIGHTS} onChange={change} />
    </Menu>
  )
}
