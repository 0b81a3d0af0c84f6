import { AddIcon } from "@solar-icons/react/linear/add"
import { AltArrowRightIcon } from "@solar-icons/react/linear/alt-arrow-right"
import type { RefObject } from "react"

import { Picker } from "@/features/conversation/composer/picker"
import { Glyph } from "@/components/ui/glyph"
import { IconButton } from "@/components/ui/icon-button"
import { Menu, MenuItem } from "@/components/ui/menu"
import { cn } from "@/lib/cn"
import { plural } from "@/lib/format"
import { plain } from "@/lib/markdown/safe"
import type { ModelView } from "@/lib/types"

export interface LineUpProps {
  models: readonly ModelView[]
  /** The ones a name in the text narrows the question to; empty: all. */
  named: readonly string[]
  onChange: (models: string[]) => void
  isPickerOpen: boolean
  onPicker: (isOpen: boolean) => void
  anchor: RefObject<HTMLElement | null>
}

const MANY = 5

/** Who answers: glyph and name; from five on glyphs and how many. */
export function LineUp({ models, named, onChange, isPickerOpen, onPicker, anchor }: LineUpProps) {
  const isMany = models.length >= MANY
  const isOut = (model: ModelView) => named.length > 0 && !named.includes(model.model_id)
  return (
    <div className="flex min-w-0 items-center" role="group" aria-label="Who answers">
      {isMany ? (
        <button type="button" className="model-chip gap-[7px]" onClick={() => onPicker(!isPickerOpen)}>
          {models.map((model) => (
            <Glyph key={model.model_id} slot={model.slot} name={model.name} className={cn(isOut(model) && "opacity-35")} />
          ))}
          <span className="composer-words ml-1">{models.length} models</span>
        </button>
      ) : (
        models.map((model) => (
          <button key={model.model_id} type="button" className={cn("model-chip", isOut(model) && "opacity-45")} onClick={() => onPicker(!isPickerOpen)} title={plain(model.name)}>
            <Glyph slot={model.slot} name={model.name} />
            <span className="model-name cut">{plain(model.name)}</span>
          </button>
        ))
      )}
      <Picker chosen={models.map((model) => model.model_id)} onChange={onChange} isOpen={isPickerOpen} onOpen={onPicker} anchor={anchor}>
        {models.length ? (
          <IconButton label="Change who answers" keys="mod+m" className="model-add">
            <AddIcon size={16} />
          </IconButton>
        ) : (
          <button type="button" className="model-chip text-pen">
            <AddIcon size={16} />
            Choose who answers
          </button>
        )}
      </Picker>
    </div>
  )
}

/** In a talk the order matters: each chip can go one earlier, one later, or out. */
export function Order({ models, onChange, ...picker }: LineUpProps) {
  const ids = models.map((model) => model.model_id)
  const move = (index: number, by: number) => {
    const next = [...ids]
    const [one] = next.splice(index, 1)
    if (one) next.splice(index + by, 0, one)
    onChange(next)
  }
  return (
    <div className="flex min-w-0 flex-wrap items-center text-ink-3" role="group" aria-label="Order">
      {models.map((model, index) => (
        <span key={model.model_id} className="flex min-w-0 items-center">
          {index > 0 && <AltArrowRightIcon size={12} />}
          <Menu
            label={plain(model.name)}
            side="top"
            trigger={
              <button type="button" className="model-chip px-[7px]" aria-label={`${plain(model.name)}, speaks ${ORDER[index] ?? "later"}`}>
                <Glyph slot={model.slot} name={model.name} />
                <span className="cut max-w-[16ch]">{plain(model.name)}</span>
              </button>
            }
          >
            <MenuItem isDisabled={index === 0} onSelect={() => move(index, -1)}>
              Speak earlier
            </MenuItem>
            <MenuItem isDisabled={index === models.length - 1} onSelect={() => move(index, 1)}>
              Speak later
            </MenuItem>
            <MenuItem onSelect={() => onChange(ids.filter((id) => id !== model.model_id))}>Take out</MenuItem>
          </Menu>
        </span>
      ))}
      <Picker chosen={ids} onChange={onChange} isOpen={picker.isPickerOpen} onOpen={picker.onPicker} anchor={picker.anchor}>
        <IconButton label="Change who speaks" keys="mod+m">
          <AddIcon size={16} />
        </IconButton>
      </Picker>
    </div>
  )
}

const ORDER = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"]

/** nine turns, one after the other; each reads all that was said */
export function turnsWords(models: number, rounds: number): string {
  return models < 2 ? "choose two models or more" : `${plural(models * rounds, "turn")}, one after the other; each reads all that was said`
}

