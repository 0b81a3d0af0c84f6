import type { Meta, StoryObj } from "@storybook/react-vite"

import Room from "@/features/conversation/room"
import { empty, history, lanes, long, room, states, talk } from "@/testing/rooms-of-the-pictures"
import { Stage } from "@/testing/stage"
import type { Scene } from "@/testing/stage-server"

/** The whole room, as the shell mounts it: to be held beside the pictures. */
function Whole({ scene }: { scene: Scene }) {
  const { thread } = scene.detail
  return (
    <div className="-m-8 grid h-screen grid-rows-[minmax(0,1fr)]">
      <Stage scene={scene}>
        <Room projectId={thread.project_id} threadId={thread.id} />
      </Stage>
    </div>
  )
}

const meta = { title: "Conversation/Room", component: Whole } satisfies Meta<typeof Whole>
export default meta
type Story = StoryObj<typeof meta>

export const ThreeLanes: Story = { args: { scene: room("story-room") } }
export const SixLanes: Story = { args: { scene: lanes("story-lanes") } }
export const EveryState: Story = { args: { scene: states("story-states") } }
export const Talk: Story = { args: { scene: talk(false, "story-talk") } }
export const TalkEnded: Story = { args: { scene: talk(true, "story-ended") } }
export const History: Story = { args: { scene: history("story-history") } }
export const Empty: Story = { args: { scene: empty("story-empty") } }
export const HundredThousand: Story = { args: { scene: long(100_000, "story-long") } }
