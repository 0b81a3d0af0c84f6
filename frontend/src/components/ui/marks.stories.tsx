import type { Meta, StoryObj } from "@storybook/react-vite"

import { Avatar, AvatarStack } from "@/components/ui/avatar"
import { Chip } from "@/components/ui/chip"
import { Glyph, hueClass, hueName } from "@/components/ui/glyph"
import { Kbd, Keys } from "@/components/ui/kbd"
import { Letter } from "@/components/ui/letter"
import { LiveBars } from "@/components/ui/live-bars"
import { Mark } from "@/components/ui/mark"
import { Skeleton } from "@/components/ui/skeleton"
import { Uses } from "@/components/ui/uses"

/** The small signs: people are round, models are glyphs, blue ink is the product. */
const meta = { component: Glyph } satisfies Meta<typeof Glyph>
export default meta
type Story = StoryObj

const slots = [1, 2, 3, 4, 5, 6, 7, 8]

export const Glyphs: Story = {
  render: () => (
    <ul className="grid grid-cols-4 gap-4">
      {slots.map((slot) => (
        <li key={slot} className={`flex items-center gap-2 ${hueClass(slot)}`}>
          <Letter>{String.fromCharCode(64 + slot)}</Letter>
          <Glyph slot={slot} />
          {hueName(slot)}
        </li>
      ))}
      <li className="flex items-center gap-2">
        <Glyph slot={9} name="Qwen" />a ninth model
      </li>
    </ul>
  ),
}
export const People: Story = {
  render: () => (
    <div className="flex items-center gap-4">
      <Avatar name="Alice" />
      <Avatar name="Dilan" isAway />
      <AvatarStack names={["Alice", "Bob", "Carol"]} />
      <AvatarStack names={["Alice", "Bob", "Carol", "Dilan", "Eira", "Farouk", "Greta"]} />
    </div>
  ),
}
export const Live: Story = {
  render: () => (
    <div className="flex items-center gap-6">
      <LiveBars slots={[2]} />
      <LiveBars slots={[1, 2]} />
      <LiveBars slots={[1, 3, 5]} />
      <span>
        and still<span className="caret m2" />
      </span>
    </div>
  ),
}
export const KeysAndChips: Story = {
  render: () => (
    <div className="flex items-center gap-4">
      <Kbd>esc</Kbd>
      <Keys keys="mod+shift+enter" />
      <Chip>main</Chip>
      <Chip hasLine>four-minute hold</Chip>
      <Uses left={3} of={5} />
      <Mark size={22} />
    </div>
  ),
}
export const Loading: Story = { render: () => <Skeleton /> }
