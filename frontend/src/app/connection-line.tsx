import { useEffect, useState } from "react"
import { CheckCircleIcon } from "@solar-icons/react/linear/check-circle"
import { CloudCrossIcon } from "@solar-icons/react/linear/cloud-cross"
import { WiFiIcon } from "@solar-icons/react/linear/wi-fi"

import { Button } from "@/components/ui/button"
import { NoticeLine } from "@/components/ui/notice-line"
import { capital, plural } from "@/lib/format"
import { retryConnection, useConnection, type Connection } from "@/lib/socket"

const SILENT_MS = 1500
const OFFLINE_MS = 20_000
const BACK_MS = 3000

type LineNotice = "reconnecting" | "offline" | "too_many" | "back" | null

/** What to say of the line: nothing for the first 1.5 s, and nothing at all while it holds. */
export function noticeOf({ state, ended, since }: Pick<Connection, "state" | "ended" | "since">, now: number): LineNotice {
  if (state === "ended") return ended === "too_many_sockets" ? "too_many" : null
  if (state === "idle" || state === "connected" || since === null) return null
  const awayMs = now - since
  if (awayMs < SILENT_MS) return null
  return state === "offline" || awayMs >= OFFLINE_MS ? "offline" : "reconnecting"
}

/** 20 seconds, two minutes, an hour: how long it has been away. */
export function awayFor(ms: number): string {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return `${Math.max(1, Math.round(ms / 10_000) * 10)} seconds`
  return minutes < 60 ? plural(minutes, "minute") : plural(Math.floor(minutes / 60), "hour")
}

/** For how long, once there is something to count. */
export function offlineWords(ms: number): string {
  return ms < OFFLINE_MS ? "Offline. You can read and write; it is sent when the line is back." : `Offline for ${awayFor(ms)}.`
}

/** One line under the room's head, about the line to the server. */
export function ConnectionLine() {
  const connection = useConnection()
  const { state, since, waiting } = connection
  const [now, setNow] = useState(() => Date.now())
  const [wasAway, setWasAway] = useState(false)
  const isUp = state === "connected"
  const notice = noticeOf(connection, now)

  useEffect(() => {
    if (isUp) return undefined
    const clock = setInterval(() => setNow(Date.now()), 500)
    return () => clearInterval(clock)
  }, [isUp])
  if (notice && notice !== "back" && !wasAway) setWasAway(true)
  useEffect(() => {
    if (!isUp || !wasAway) return undefined
    const timer = setTimeout(() => setWasAway(false), BACK_MS)
    return () => clearTimeout(timer)
  }, [isUp, wasAway])

  const isLost = notice !== null
  useEffect(() => {
    document.documentElement.toggleAttribute("data-away", isLost)
    return () => { document.documentElement.removeAttribute("data-away") }
  }, [isLost])

  const again = (
    <Button look="quiet" className="text-inherit" onClick={retryConnection}>
      Try now
    </Button>
  )
  if (isUp && wasAway) return <NoticeLine icon={<CheckCircleIcon size={16} />}>Back. Nothing was missed.</NoticeLine>
  switch (notice) {
    case "reconnecting":
      return <NoticeLine icon={<WiFiIcon size={16} />}>Reconnecting. You can read and write; it is sent when the line is back.</NoticeLine>
    case "offline":
      return (
        <NoticeLine tone="warn" icon={<CloudCrossIcon size={16} />} end={again}>
          {offlineWords(now - (since ?? now))} {waiting > 0 && `${capital(plural(waiting, "message"))} ${waiting === 1 ? "waits" : "wait"}.`}
        </NoticeLine>
      )
    case "too_many":
      return (
        <NoticeLine tone="warn" icon={<CloudCrossIcon size={16} />} end={again}>
          Parley is open in too many tabs, so this one is still. Close another, then go on here.
        </NoticeLine>
      )
    default:
      return null
  }
}
