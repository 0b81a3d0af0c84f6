import { QueryClientProvider, type QueryClient } from "@tanstack/react-query"
import { createMemoryHistory, createRootRoute, createRoute, createRouter, RouterProvider } from "@tanstack/react-router"
import { act, render, type RenderResult } from "@testing-library/react"
import type { ReactNode } from "react"

import { Toaster } from "@/components/ui/toast"
import { TipProvider } from "@/components/ui/tooltip"
import { makeQueryClient } from "@/lib/query"

interface Shown extends RenderResult {
  client: QueryClient
  /** Where a link or a command led. */
  path: () => string
}

/** Show one part of a page with a cache, a router that takes any address, and the toasts. */
export async function show(part: ReactNode, client = makeQueryClient()): Promise<Shown> {
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } })
  const root = createRootRoute()
  const any = createRoute({ getParentRoute: () => root, path: "$", component: () => part })
  const router = createRouter({ routeTree: root.addChildren([any]), history: createMemoryHistory({ initialEntries: ["/here"] }) })
  let shown: RenderResult | undefined
  await act(async () => {
    await router.load()
    shown = render(
      <QueryClientProvider client={client}>
        <TipProvider>
          <RouterProvider router={router as never} />
          <Toaster />
        </TipProvider>
      </QueryClientProvider>,
    )
  })
  if (!shown) throw new Error("nothing was shown")
  return { ...shown, client, path: () => router.state.location.pathname }
}
