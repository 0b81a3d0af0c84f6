import { QueryClientProvider } from "@tanstack/react-query"
import { RouterProvider } from "@tanstack/react-router"
import { useEffect, useState } from "react"

import { makeRouter } from "@/app/router"
import { signedOutHere } from "@/app/session"
import { Toaster } from "@/components/ui/toast"
import { TipProvider } from "@/components/ui/tooltip"
import { onSignedOut } from "@/lib/api"
import { makeQueryClient } from "@/lib/query"

export function App() {
  const [client] = useState(makeQueryClient)
  const [router] = useState(() => makeRouter(client))
  useEffect(() => onSignedOut(() => signedOutHere(client, router)), [client, router])
  return (
    <QueryClientProvider client={client}>
      <TipProvider>
        <RouterProvider router={router} />
        <Toaster />
      </TipProvider>
    </QueryClientProvider>
  )
}
