/** An answer and, while it is written, its turn: each hook wakes only for what it names. */

import { useCallback, useMemo, useSyncExternalStore } from "react"

import { useRoom } from "@/features/conversation/room-context"
import { figuresOf, type Figures } from "@/features/runs/figures"
import { type Phase, phaseOf } from "@/features/runs/lane-look"
import type { Words } from "@/lib/markdown/growing-markdown"
import { isOpen, type Message } from "@/lib/protocol"
import type { TurnText, Waiting } from "@/lib/room-state"
import { useTurn, watchTurn } from "@/lib/use-room"
import { useNow } from "@/lib/use-now"

const OUT_OF_SIGHT_MS = 800

/** Changes when the lane's state does, never with each word. */
export function usePhase(message: Message): Phase {
  return useTurnPart(message, (turn) => phaseOf(message, turn))
}

export function useWaiting(message: Message): Waiting | null {
  return useTurnPart(message, (turn) => turn?.waiting ?? null)
}

export function useAskedAt(message: Message): number | null {
  return useTurnPart(message, (turn) => turn?.askedAt ?? null)
}

function useTurnPart<T>(message: Message, part: (turn: TurnText | undefined) => T): T {
  const { store } = useRoom()
  const turnId = isOpen(message) ? message.turn_id : null
  const watch = useCallback((listener: () => void) => (turnId ? store.watchTurn(turnId, listener) : () => undefined), [store, turnId])
  return useSyncExternalStore(watch, () => part(turnId ? store.getTurn(turnId) : undefined))
}

/** The turn as it grows, while there is one. */
export function useAnswer(message: Message): TurnText | undefined {
  const { store } = useRoom()
  return useTurn(store, isOpen(message) ? message.turn_id : null)
}

/** The words as they grow and when they last did, null once they are over; told now and then where nobody sees them, for the page to keep its length. */
export function useWords(message: Message, isInSight: boolean): (Words & { lastAt: () => number }) | null {
  const { store } = useRoom()
  const turnId = isOpen(message) ? message.turn_id : null
  return useMemo(() => {
    if (!turnId) return null
    let lastAt = 0
    return {
      read: () => store.getTurn(turnId)?.text,
      lastAt: () => lastAt,
      watch: (listener: () => void) => {
        lastAt ||= Date.now()
        const stopped = [
          store.watchTurn(turnId, () => (lastAt = Date.now())), // even where nobody is told so often
          watchTurn(store, turnId, listener, isInSight ? 0 : OUT_OF_SIGHT_MS),
        ]
        return () => stopped.forEach((stop) => stop())
      },
    }
  }, [store, turnId, isInSight])
}

/** Told once a second while it is written: figures that roll are noise. */
export function useFigures(message: Message): Figures {
  const { store } = useRoom()
  const now = useNow(isOpen(message))
  const turn = isOpen(message) && message.turn_id ? store.getTurn(message.turn_id) : undefined
  return figuresOf(message, turn, now)
}
