import type { Meta, StoryObj } from "@storybook/react-vite"

import { Composer } from "@/features/conversation/composer/composer"
import { empty, lanes, room, talk } from "@/testing/rooms-of-the-pictures"
import { Part } from "@/testing/stage"
import type { Scene } from "@/testing/stage-server"

/** Where people write: to the room, to several models, or to let models talk it over. */
function Writing({ scene, isAlone = false, canWrite = true, hasModels = true }: { scene: Scene; isAlone?: boolean; canWrite?: boolean; hasModels?: boolean }) {
  const shown = { ...scene, detail: { ...scene.detail, can_write: canWrite }, models: hasModels ? scene.models : [] }
  return (
    <Part scene={shown}>
      <div className="pt-[420px]">
        <Composer thread={scene.detail.thread} isAlone={isAlone} />
      </div>
    </Part>
  )
}

const meta = { title: "Conversation/Composer", component: Writing } satisfies Meta<typeof Writing>
export default meta
type Story = StoryObj<typeof meta>

export const ThreeModels: Story = { args: { scene: room("composer-three") } }
/** From five models on: glyphs and how many. */
export const SixModels: Story = { args: { scene: lanes("composer-six") } }
export const EmptyRoom: Story = { args: { scene: empty("composer-empty"), isAlone: true } }
/** While models speak in turn, what people write goes in before the next one. */
export const DuringATalk: Story = { args: { scene: talk(false, "composer-talk") } }
export const Viewer: Story = { args: { scene: room("composer-viewer"), canWrite: false } }
export const NoModels: Story = { args: { scene: room("composer-none"), hasModels: false } }
