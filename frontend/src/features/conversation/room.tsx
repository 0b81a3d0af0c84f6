/** One thread's room: its head, the conversation, and the composer. The shell mounts it. */

import "@/features/conversation/conversation.css"
import "@/features/conversation/print.css"

import { useQuery, useQueryClient } from "@tanstack/react-query"
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react"

import { Composer } from "@/features/conversation/composer/composer"
import { Conversation } from "@/features/conversation/conversation"
import { RoomDialogs } from "@/features/conversation/dialogs"
import { EmptyRoom } from "@/features/conversation/empty-room"
import { RoomHead } from "@/features/conversation/head"
import { makeUi, type RoomDoors, RoomProvider } from "@/features/conversation/room-context"
import { syncThread } from "@/features/conversation/sync-thread"
import { useCapacity } from "@/features/conversation/use-capacity"
import { useRoomKeys } from "@/features/conversation/use-room-keys"
import { Announcer } from "@/features/presence/announcer"
import { Skeleton } from "@/components/ui/skeleton"
import { useOutgoing } from "@/lib/outgoing"
import type { ThreadDetail } from "@/lib/protocol"
import { MentionsProvider, mentionsOf } from "@/lib/markdown/mentions"
import { keys } from "@/lib/query"
import { meQuery, membersQuery, modelsQuery, threadQuery } from "@/lib/queries"
import { useShell } from "@/lib/shell"
import type { RoomStore } from "@/lib/stream-store"
import { useJoin, useRoomView } from "@/lib/use-room"

interface RoomProps {
  projectId: string
  threadId: string
  branchId?: string
  /** The place to open at. */
  at?: number
  start?: ReactNode
  end?: ReactNode
  notice?: ReactNode
}

export default function Room(props: RoomProps) {
  const { threadId, branchId } = props
  const store = useJoin(threadId, branchId ?? null)
  const detail = useQuery(threadQuery(threadId)).data
  const me = useQuery(meQuery()).data
  if (!store || !detail || !me) return <Waiting {...props} title={detail?.thread.title ?? ""} />
  return <OpenRoom key={branchId ?? "main"} {...props} store={store} detail={detail} me={me} />
}

function Waiting({ start, end, notice, title }: RoomProps & { title: string }) {
  return (
    <main className="room" aria-label="Room" aria-busy="true">
      <RoomHead start={start} end={end} title={title} />
      {notice}
      <div className="room-main room-inner pt-8">
        <div className="ml-[42px] max-w-[720px] max-tablet:ml-0">
          <Skeleton />
        </div>
      </div>
    </main>
  )
}

interface OpenProps extends RoomProps {
  store: RoomStore
  detail: ThreadDetail
  me: { id: string; name: string }
}

function OpenRoom({ store, detail, me, projectId, threadId, branchId: routed, at, start, end, notice }: OpenProps) {
  const view = useRoomView(store)
  const models = useQuery(modelsQuery(projectId)).data
  const client = useQueryClient()
  const [ui] = useState(makeUi)
  const main = useRef<HTMLElement>(null)
  const isPhone = useShell().size === "phone"
  const capacity = useCapacity(main, isPhone)
  const outgoing = useOutgoing()
  // Before the snapshot is here, too, people may write, and into the branch that they see.
  const branchId = view.branchId || routed || detail.thread.main_branch_id

  useEffect(() => store.learn(detail.branches), [store, detail.branches])
  useEffect(() => syncThread(client, store, threadId), [client, store, threadId])
  useEffect(() => {
    if (view.isGone) void client.resetQueries({ queryKey: keys.thread(threadId) })
  }, [client, view.isGone, threadId])

  const thread = view.thread ?? detail.thread
  const room = useMemo<RoomDoors>(
    () => ({
      store,
      ui,
      projectId,
      threadId,
      branchId,
      me: { id: me.id, name: me.name },
      models: new Map((models ?? []).map((model) => [model.model_id, model])),
      offered: (models ?? []).filter((model) => model.is_offered),
      areModelsKnown: models !== undefined,
      canWrite: detail.can_write && !thread.archived_at,
      canManage: detail.can_manage,
      capacity,
      isPhone,
    }),
    [store, ui, projectId, threadId, branchId, me.id, me.name, models, detail.can_write, detail.can_manage, thread.archived_at, capacity, isPhone],
  )
  useRoomKeys(room)
  const members = useQuery(membersQuery(projectId)).data
  const mentions = useMemo(() => mentionsOf([...(members ?? []), ...room.models.values()].map((one) => one.name), me.name), [members, room.models, me.name])

  const isWritten = outgoing.some((one) => one.thread_id === threadId && one.user_id === me.id)
  const isEmpty = view.isLoaded && view.messages.size === 0 && view.segments[0]?.from === 0 && !isWritten
  // Whoever was there before the first word has nothing behind them.
  const [wasEmpty, setWasEmpty] = useState(isEmpty)
  if (isEmpty && !wasEmpty) setWasEmpty(true)
  return (
    <RoomProvider value={room}>
      <MentionsProvider value={mentions}>
      <main ref={main} className="room" aria-label="Room">
        <RoomHead start={start} end={end} title={thread.title} thread={thread} hasBranch={!isEmpty} hasLine={!isEmpty} />
        {notice}
        {isEmpty ? (
          <EmptyRoom thread={thread} />
        ) : (
          <>
            {view.isLoaded ? (
              <Conversation {...(at !== undefined && { at })} detail={detail} wasEmpty={wasEmpty} />
            ) : (
              <div className="room-main room-inner pt-8">
                <div className="ml-[42px] max-w-[720px] max-tablet:ml-0">
                  <Skeleton />
                </div>
              </div>
            )}
            <div className="room-foot room-inner">
              <Composer thread={thread} />
            </div>
          </>
        )}
        <RoomDialogs />
        <Announcer />
      </main>
      </MentionsProvider>
    </RoomProvider>
  )
}
