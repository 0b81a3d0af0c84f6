/** A whole room on a stage of its own: for stories, and for looking at it beside the pictures. */

import "@/features/conversation/conversation.css"

import { QueryClientProvider } from "@tanstack/react-query"
import { createMemoryHistory, createRootRoute, createRoute, createRouter, Outlet, RouterProvider } from "@tanstack/react-router"
import { type ReactNode, useState } from "react"

import { Toaster } from "@/components/ui/toast"
import { TipProvider } from "@/components/ui/tooltip"
import { RoomProvider, makeUi, type RoomDoors } from "@/features/conversation/room-context"
import { makeQueryClient } from "@/lib/query"
import { RoomStore } from "@/lib/stream-store"
import { openStage, putScene, type Scene } from "@/testing/stage-server"

interface StageProps {
  scene: Scene
  children: ReactNode
}

/** What the app puts around a room: a cache, addresses, tips, toasts. */
export function Stage({ scene, children }: StageProps) {
  const [{ client, router }] = useState(() => {
    openStage()
    putScene(scene)
    const root = createRootRoute({ component: Outlet })
    const paths = ["/p/$projectId/t/$threadId", "/p/$projectId/settings/$page", "/p/$projectId"]
    const routes = paths.map((path) => createRoute({ getParentRoute: () => root, path, component: () => <>{children}</> }))
    const { thread } = scene.detail
    const history = createMemoryHistory({ initialEntries: [`/p/${thread.project_id}/t/${thread.id}`] })
    return { client: makeQueryClient(), router: createRouter({ routeTree: root.addChildren(routes), history }) }
  })
  return (
    <QueryClientProvider client={client}>
      <TipProvider>
        {/* The stage's addresses are the app's, without its loaders: the router's types know only the app's. */}
        <RouterProvider router={router as never} />
        <Toaster />
      </TipProvider>
    </QueryClientProvider>
  )
}

/** A part of a room without the room around it: a lane, a row, the composer. */
export function Part({ scene, capacity = 3, isPhone = false, children }: StageProps & { capacity?: number; isPhone?: boolean }) {
  return (
    <Stage scene={scene}>
      <Doors scene={scene} capacity={capacity} isPhone={isPhone}>
        {children}
      </Doors>
    </Stage>
  )
}

function Doors({ scene, capacity, isPhone, children }: StageProps & { capacity: number; isPhone: boolean }) {
  const [room] = useState<RoomDoors>(() => {
    const { thread } = scene.detail
    const store = new RoomStore(thread.id, thread.main_branch_id, { schedule: (run) => run() })
    store.joined({ type: "joined", re: "", thread_id: thread.id, epoch: "stage", offset: 0, recovered: false, snapshot: scene.snapshot })
    scene.events.forEach((event, index) => void store.receive({ type: "events", thread_id: thread.id, epoch: "stage", first: index + 1, last: index + 1, events: [event] }))
    return {
      store,
      ui: makeUi(),
      projectId: thread.project_id,
      threadId: thread.id,
      branchId: thread.main_branch_id,
      me: { id: scene.me.id, name: scene.me.name },
      models: new Map(scene.models.map((model) => [model.model_id, model])),
      offered: scene.models.filter((model) => model.is_offered),
      areModelsKnown: scene.areModelsKnown ?? true,
      canWrite: scene.detail.can_write,
      canManage: scene.detail.can_manage,
      capacity,
      isPhone,
    }
  })
  return <RoomProvider value={room}>{children}</RoomProvider>
}
