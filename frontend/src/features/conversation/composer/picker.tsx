import { Popover } from "@base-ui/react/popover"
import { CloudIcon } from "@solar-icons/react/linear/cloud"
import { ServerMinimalisticIcon } from "@solar-icons/react/linear/server-minimalistic"
import type { ReactElement, RefObject } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { Checkbox } from "@/components/ui/choice"
import { Glyph } from "@/components/ui/glyph"
import { Keys } from "@/components/ui/kbd"
import { Sheet } from "@/components/ui/sheet"
import { capital, inWords, prices, size } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import { getConnection } from "@/lib/socket"
import type { ModelView } from "@/lib/types"

interface PickerProps {
  chosen: readonly string[]
  onChange: (models: string[]) => void
  isOpen: boolean
  onOpen: (isOpen: boolean) => void
  /** The composer, on whose edge it stands. */
  anchor: RefObject<HTMLElement | null>
  children: ReactElement<{ onClick?: () => void }>
}

const MOST = 8

/** Who answers, for everybody in this thread. On a phone a screen of its own. */
export function Picker({ chosen, onChange, isOpen, onOpen, anchor, children }: PickerProps) {
  const { isPhone } = useRoom()
  const table = <Models chosen={chosen} onChange={onChange} />
  if (isPhone)
    return (
      <>
        <span className="contents" onClick={() => onOpen(true)}>
          {children}
        </span>
        <Sheet isOpen={isOpen} onClose={() => onOpen(false)} title="Who answers" about={answerWords(chosen.length)}>
          {table}
        </Sheet>
      </>
    )
  return (
    <Popover.Root open={isOpen} onOpenChange={(open) => onOpen(open)}>
      <Popover.Trigger render={children} />
      <Popover.Portal>
        <Popover.Positioner anchor={anchor} side="top" align="start" sideOffset={4} collisionPadding={8} className="z-30">
          <Popover.Popup className="opens w-[640px] max-w-[calc(100vw-16px)] origin-(--transform-origin) rounded-lg bg-raised shadow-float outline-none" aria-label="Who answers">
            <div className="max-h-[56vh] overflow-auto px-[18px] pt-3.5">{table}</div>
            <footer className="flex min-h-10 items-center gap-3 border-t border-line px-[18px] text-small text-ink-3">
              <span className="grow">{answerWords(chosen.length)} Kept with this thread.</span>
              <Keys keys="mod+m" />
            </footer>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

function answerWords(count: number): string {
  if (count === 0) return "Nobody answers."
  return `${capital(inWords(count))} ${count === 1 ? "answers" : "answer"}.`
}

const STATES: Record<ModelView["state"], string> = { ok: "", key_refused: "key refused", unreachable: "not reached", at_limit: "busy" }

function Models({ chosen, onChange }: Pick<PickerProps, "chosen" | "onChange">) {
  const { offered } = useRoom()
  const most = getConnection().hello?.limits.max_models ?? MOST
  const toggle = (id: string, isOn: boolean) => onChange(isOn ? [...chosen, id] : chosen.filter((one) => one !== id))
  return (
    <table className="picker-table num">
      <thead>
        <tr>
          <th>
            <span className="sr-only">Chosen</span>
          </th>
          <th>Answers</th>
          <th>Runs</th>
          <th className="r">Reads</th>
          <th className="r">$ per million, in / out</th>
        </tr>
      </thead>
      <tbody>
        {offered.map((model) => {
          const isOn = chosen.includes(model.model_id)
          return (
            <tr key={model.model_id} className={isOn ? "is-on" : undefined} onClick={(event) => event.target instanceof HTMLInputElement || toggleRow(isOn, model.model_id)}>
              <td>
                <Checkbox
                  aria-label={`${plain(model.name)} answers`}
                  checked={isOn}
                  disabled={!isOn && chosen.length >= most}
                  onChange={(event) => toggle(model.model_id, event.target.checked)}
                />
              </td>
              <td>
                <span className="flex min-w-0 items-center gap-[9px]">
                  <Glyph slot={model.slot} name={model.name} />
                  <span className="min-w-0">
                    <b className="font-medium text-ink">{plain(model.name)}</b>
                    {model.state !== "ok" && (
                      <span className={`ml-2 text-small ${model.state === "at_limit" ? "text-warn" : "text-danger"}`} title={model.state_note}>
                        {STATES[model.state]}
                      </span>
                    )}
                    {model.note && <small className="block text-small font-normal whitespace-normal text-ink-3">{model.note}</small>}
                  </span>
                </span>
              </td>
              <td>
                <span className="flex items-center gap-1.5">
                  {model.where === "remote" ? <CloudIcon size={16} /> : <ServerMinimalisticIcon size={16} />}
                  {model.where}
                </span>
              </td>
              <td className="r">{size(model.context_tokens)}</td>
              <td className="r">{prices(model.price_in, model.price_out) || <span className="text-ink-3">not known</span>}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )

  function toggleRow(isOn: boolean, id: string): void {
    if (isOn || chosen.length < most) toggle(id, !isOn)
  }
}
