import type { Meta, StoryObj } from "@storybook/react-vite"

import { AskRow } from "@/features/conversation/ask-row"
import { useRoom } from "@/features/conversation/room-context"
import { makeRows } from "@/features/conversation/rows"
import { lanes, room, states } from "@/testing/rooms-of-the-pictures"
import { Part } from "@/testing/stage"
import { useRoomView } from "@/lib/use-room"
import type { Scene } from "@/testing/stage-server"

/** A lane is one model's answer in its column: rule, letter, glyph, name, figures, words, foot. */
function Questions({ scene, capacity }: { scene: Scene; capacity: number }) {
  return (
    <Part scene={scene} capacity={capacity} isPhone={capacity === 1}>
      <Asked />
    </Part>
  )
}

function Asked() {
  const { store } = useRoom()
  const view = useRoomView(store)
  const { rows } = makeRows({ view, anchor: Infinity, outgoing: [], unread: null })
  return rows.map((row) => row.kind === "ask" && <AskRow key={row.key} row={row} />)
}

const meta = { title: "Runs/Lane", component: Questions, args: { capacity: 4 } } satisfies Meta<typeof Questions>
export default meta
type Story = StoryObj<typeof meta>

/** From asked to answered, and when it does not go to plan. */
export const EveryState: Story = { args: { scene: states("lane-states") } }
export const ThreeLanes: Story = { args: { scene: room("lane-three"), capacity: 3 } }
/** Six lanes stand in rows of three; what is finished folds to twelve lines. */
export const SixLanes: Story = { args: { scene: lanes("lane-six"), capacity: 3 } }
/** One lane at a time, and a glimpse of the next. */
export const Pager: Story = { args: { scene: room("lane-pager"), capacity: 1 }, parameters: { viewport: { defaultViewport: "mobile1" } } }
