/** What happens in this tab when somebody comes in or goes out. */

import type { QueryClient } from "@tanstack/react-query"
import type { RegisteredRouter } from "@tanstack/react-router"

import { forgetPlaces } from "@/app/places"
import { disconnect } from "@/lib/socket"
import { keys } from "@/lib/query"

/** Begin anew after a door opened: nothing that a stranger was told holds any more. */
export async function signedInHere(client: QueryClient): Promise<void> {
  disconnect()
  client.clear()
  await Promise.resolve()
}

/**
 * Drop all that was the person's and go to the door; they come back to where they were.
 * Nothing to do where nobody was signed in: the routes know their way then.
 */
export function signedOutHere(client: QueryClient, router: RegisteredRouter): void {
  if (!client.getQueryData(keys.me)) return
  const { pathname, searchStr } = router.state.location
  const isAtDoor = ["/sign-in", "/sign-up", "/join"].includes(pathname)
  client.clear()
  disconnect()
  if (!isAtDoor) void router.navigate({ to: "/sign-in", search: pathname === "/" ? {} : { next: pathname + searchStr }, replace: true })
}

/** Forget where the person was, too: they signed out themself. */
export function signedOutForGood(client: QueryClient, router: RegisteredRouter): void {
  forgetPlaces()
  disconnect()
  // First out of the room, then empty: what is still shown would ask for itself again.
  void router.navigate({ to: "/sign-in", search: {}, replace: true }).then(() => client.clear())
}
