/** Where the person was last, in each project and in all: the first screen is the last room. Kept on this machine. */

import { recall, remember } from "@/lib/store"

interface Places {
  /** The project last open. */
  projectId?: string
  /** By project, the thread last open. */
  threads: Record<string, string>
}

function read(): Places {
  try {
    const kept: unknown = JSON.parse(recall("places") ?? "{}")
    const { projectId, threads } = kept as Partial<Places>
    return { ...(typeof projectId === "string" && { projectId }), threads: threads && typeof threads === "object" ? threads : {} }
  } catch {
    return { threads: {} }
  }
}

export function lastProject(): string | undefined {
  return read().projectId
}

export function lastThread(projectId: string): string | undefined {
  return read().threads[projectId]
}

export function keepPlace(projectId: string, threadId?: string): void {
  const places = read()
  if (threadId) places.threads[projectId] = threadId
  remember("places", JSON.stringify({ projectId, threads: places.threads }))
}

/** Forget a thread that is not there any more. */
export function leavePlace(projectId: string): void {
  const { [projectId]: _, ...threads } = read().threads
  remember("places", JSON.stringify({ projectId, threads }))
}

export function forgetPlaces(): void {
  remember("places", null)
}
