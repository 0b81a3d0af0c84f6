import { useQueryClient } from "@tanstack/react-query"
import { useRouter, type ErrorComponentProps } from "@tanstack/react-router"
import { useEffect, useState } from "react"

import { NothingHere } from "@/app/nothing-here"
import { Button } from "@/components/ui/button"
import { Mark } from "@/components/ui/mark"
import { ApiError } from "@/lib/api"

const SILENT_MS = 1500
const GIVEN_UP_MS = 120_000
const SAME_MS = 15_000

/** Each try may put this page away and back; how long the server has been away goes on through them. */
const away = { since: 0, seenAt: -Infinity }

function awaySince(): number {
  if (Date.now() - away.seenAt > SAME_MS) away.since = Date.now()
  away.seenAt = Date.now()
  return away.since
}

/** The page could not be loaded: the server starts, or is away. It is asked again by itself. */
export function ServerAway({ error, reset }: ErrorComponentProps) {
  const isAway = error instanceof ApiError && (error.isNetwork || error.status >= 500)
  if (error instanceof ApiError && error.isGone) return <NothingHere />
  if (isAway) return <Waiting />
  return isOutdated(error) ? <Outdated /> : <Broken error={error} reset={reset} />
}

/** A part of the page that is loaded later is no longer there: the server has been brought up to date meanwhile. */
function isOutdated(error: unknown): boolean {
  return error instanceof Error && /dynamically imported module|module script failed|preload CSS/i.test(error.message)
}

function Outdated() {
  return (
    <Middle title="A new version is here.">
      This part of the page belongs to the old one. What you wrote is kept.
      <p className="mt-3.5">
        <Button onClick={() => location.reload()}>Load it</Button>
      </p>
    </Middle>
  )
}

function Waiting() {
  const router = useRouter()
  const client = useQueryClient()
  const [awayMs, setAwayMs] = useState(() => Date.now() - awaySince())

  useEffect(() => {
    const clock = setInterval(() => setAwayMs(Date.now() - awaySince()), 500)
    return () => clearInterval(clock)
  }, [])
  const isGivenUp = awayMs > GIVEN_UP_MS
  useEffect(() => {
    if (isGivenUp) return undefined
    let isOver = false
    let wait: ReturnType<typeof setTimeout>
    const ask = async () => {
      const response = await fetch("/api/v1/server").catch(() => null) // what the page itself needs first
      if (isOver) return
      if (response?.ok) {
        await client.resetQueries()
        await router.invalidate()
      }
      wait = setTimeout(() => void ask(), 2000)
    }
    wait = setTimeout(() => void ask(), 1000)
    return () => {
      isOver = true
      clearTimeout(wait)
    }
  }, [client, router, isGivenUp])

  if (awayMs < SILENT_MS) return null
  return (
    <Middle title={isGivenUp ? "The server does not answer." : "The server is starting."}>
      {isGivenUp
        ? `Tried for two minutes. Whoever looks after ${location.host} can see why in its log.`
        : `It has been away for ${Math.round(awayMs / 1000)} s. What you wrote is kept and is sent when it is back.`}
      {isGivenUp && (
        <p className="mt-3.5">
          <Button onClick={() => location.reload()}>Try now</Button>
        </p>
      )}
    </Middle>
  )
}

function Broken({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter()
  return (
    <Middle title="This page broke.">
      Nothing that was sent is lost. Load it again; if it breaks again, tell whoever looks after {location.host} what is said under Details.
      <p className="mt-3.5">
        <Button
          onClick={() => {
            reset()
            void router.invalidate()
          }}
        >
          Load it again
        </Button>
      </p>
      <details className="mt-5 max-w-[560px] text-left text-small text-ink-3">
        <summary className="text-center">Details</summary>
        <p className="mt-2 font-mono wrap-anywhere">{error instanceof Error ? error.message : String(error)}</p>
      </details>
    </Middle>
  )
}

function Middle({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <main className="grid h-full place-content-center justify-items-center overflow-auto bg-paper p-7 text-center">
      <Mark size={30} className="text-ink-3" />
      <h1 className="mt-4 mb-2 font-serif text-[1.375rem]/[1.24] font-[420] tracking-[-0.01em]">{title}</h1>
      <div className="max-w-[26em] leading-normal text-balance text-ink-2">{children}</div>
    </main>
  )
}
