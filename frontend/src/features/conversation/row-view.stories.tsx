import type { Meta, StoryObj } from "@storybook/react-vite"

import { useRoom } from "@/features/conversation/room-context"
import { RowView } from "@/features/conversation/row-view"
import { makeRows } from "@/features/conversation/rows"
import type { Outgoing } from "@/lib/outgoing"
import { useRoomView } from "@/lib/use-room"
import { history, room, talk } from "@/testing/rooms-of-the-pictures"
import { Part } from "@/testing/stage"
import type { Scene } from "@/testing/stage-server"

const notSent: Outgoing = {
  client_id: "story", user_id: "alice", thread_id: "rows-history", branch_id: "rows-history-main", body: "I would let it know every ticket of the day and be wrong about the last ten minutes.",
  mode: "talk", models: null, visibility: null, rounds: 2, reply_to: null, written_at: new Date("2025-11-20T17:19:00").toISOString(), after_seq: 7, state: "refused", reason: "", seq: null,
}

/** Everything that stands in a conversation: messages, days, what is new, what was not sent, turns of a talk. */
function Rows({ scene, outgoing = [] }: { scene: Scene; outgoing?: Outgoing[] }) {
  return (
    <Part scene={scene}>
      <All outgoing={outgoing} />
    </Part>
  )
}

function All({ outgoing }: { outgoing: Outgoing[] }) {
  const { store } = useRoom()
  const view = useRoomView(store)
  const { rows } = makeRows({ view, anchor: Infinity, outgoing, unread: { seq: 7, at: new Date("2025-11-20T17:20:00").toISOString(), myId: "alice", count: 2 } })
  return rows.map((row) => <RowView key={row.key} row={row} />)
}

const meta = { title: "Conversation/Rows", component: Rows } satisfies Meta<typeof Rows>
export default meta
type Story = StoryObj<typeof meta>

export const Messages: Story = { args: { scene: history("rows-history"), outgoing: [notSent] } }
export const QuestionAndLanes: Story = { args: { scene: room("rows-room") } }
/** Models speak in turn: rounds, a word in between, who is next. */
export const Talk: Story = { args: { scene: talk(false, "rows-talk") } }
export const TalkEnded: Story = { args: { scene: talk(true, "rows-ended") } }
