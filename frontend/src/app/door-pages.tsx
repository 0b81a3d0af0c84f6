import { useQueryClient } from "@tanstack/react-query"
import { useLoaderData, useLocation, useRouter, useSearch } from "@tanstack/react-router"
import { useEffect } from "react"

import { keepPlace } from "@/app/places"
import { signedInHere } from "@/app/session"
import { SignInDoor, SignUpDoor } from "@/features/accounts/doors"
import { JoinDoor } from "@/features/accounts/join"

function useTitle(title: string): void {
  useEffect(() => {
    document.title = title
  }, [title])
}

/** Give what happens once somebody is in: to where they wanted to be, or to their last room. */
function useInside(next: string | undefined): () => Promise<void> {
  const client = useQueryClient()
  const router = useRouter()
  return async () => {
    await signedInHere(client)
    if (next) router.history.replace(next)
    else await router.navigate({ to: "/", replace: true })
  }
}

export function SignInPage() {
  useTitle("Sign in · Parley")
  const server = useLoaderData({ from: "/sign-in" })
  const { next } = useSearch({ from: "/sign-in" })
  return <SignInDoor server={server} onDone={useInside(next)} />
}

export function SignUpPage() {
  useTitle("Welcome to Parley")
  const server = useLoaderData({ from: "/sign-up" })
  const { next } = useSearch({ from: "/sign-up" })
  return <SignUpDoor server={server} onDone={useInside(next)} />
}

export function JoinPage() {
  useTitle("Join · Parley")
  const me = useLoaderData({ from: "/join" })
  const { hash } = useLocation()
  const client = useQueryClient()
  const router = useRouter()
  const code = hash.replace(/^#/, "")
  return (
    <JoinDoor
      key={code}
      code={code}
      me={me}
      onJoined={async (project) => {
        await signedInHere(client)
        if (project) keepPlace(project.id)
        await router.navigate({ to: "/", replace: true })
      }}
    />
  )
}
