"""What is said in a room by this process and not in its stream yet: deltas of one turn become one on the way.

Kept besides, until a turn is over: its whole words, in case the stream forgets them, and what was told to its writer.
"""

import asyncio
from typing import NamedTuple
from uuid import UUID

from chatplatform.kernel.clock import monotonic
from messaging import protocol
from messaging.protocol.events import (
    AnyEvent,
    TurnDelta,
    TurnFinished,
    TurnReasoning,
    TurnReset,
    TurnStarted,
    TurnWaiting,
)
from messaging.streams.base import Entry

# Thirty frames a second of a room are more than anybody reads, and each costs every browser a task of its own.
LEAST_WINDOW_S = 0.033
_ABANDONED_S = 900.0

Delta = TurnDelta | TurnReasoning


class Gathered:
    """Deltas of one turn and kind that follow each other without a hole."""

    __slots__ = ("at", "attempt", "is_tried", "kind", "n", "texts", "turn_id")

    def __init__(self, event: Delta) -> None:
        self.kind: type[Delta] = type(event)
        self.turn_id, self.attempt, self.at = event.turn_id, event.attempt, event.at
        self.n = event.n
        self.texts = [event.text]
        self.is_tried = False  # the stream may have it although it did not say so

    def take(self, event: Delta) -> bool:
        if self.is_tried or event.attempt != self.attempt or event.at != self.at + self.n:
            return False
        self.n += event.n
        self.texts.append(event.text)
        return True

    def entry(self) -> Entry:
        return entry_of(self.kind(self.turn_id, self.attempt, self.at, self.n, "".join(self.texts)))


class Said:
    """All words of a turn that is spoken here, in case the stream forgets them."""

    __slots__ = ("at", "attempt", "parts")

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.parts: dict[type[Delta], list[str]] = {TurnDelta: [], TurnReasoning: []}
        self.at = 0.0

    def entry(self, turn_id: UUID, kind: type[Delta]) -> Entry:
        text = "".join(self.parts[kind])
        return entry_of(kind(turn_id, self.attempt, 0, len(text), text))


class Refused(NamedTuple):
    """The attempt of a turn whose writer was told to stop, and when."""

    attempt: int
    at: float


class Gathering:
    """One room's."""

    __slots__ = (
        "deltas",
        "flushed_at",
        "forget",
        "gathered_at",
        "growing",
        "is_torn",
        "lock",
        "refused",
        "said",
        "timer",
        "window_s",
    )

    def __init__(self) -> None:
        self.lock = asyncio.Lock()  # what is said first is appended first
        self.deltas: list[Gathered] = []
        self.gathered_at = 0.0  # the oldest of them
        self.growing: dict[tuple[UUID, type[Delta]], Gathered] = {}  # of those, what a turn's next delta may join
        self.timer: asyncio.TimerHandle | None = None
        self.forget: asyncio.TimerHandle | None = None
        self.flushed_at = 0.0
        self.window_s = LEAST_WINDOW_S
        self.refused: dict[UUID, Refused] = {}
        self.said: dict[UUID, Said] = {}
        self.is_torn = False  # the stream may lack an event that nobody tells again

    @property
    def is_idle(self) -> bool:
        return not (self.deltas or self.timer or self.is_torn or self.lock.locked())

    @property
    def remembers(self) -> bool:
        """Something is kept of turns that may speak again."""
        return bool(self.said or self.refused)

    def gather(self, event: Delta) -> None:
        self.note(event)
        key = (event.turn_id, type(event))
        gathered = self.growing.get(key)
        if gathered is None or not gathered.take(event):
            self.growing[key] = gathered = Gathered(event)
            if not self.deltas:
                self.gathered_at = monotonic()
            self.deltas.append(gathered)

    def take_all(self) -> list[Gathered]:
        gathered, self.deltas = self.deltas, []
        self.growing.clear()
        return gathered

    def note(self, event: Delta) -> None:
        said = self.said.get(event.turn_id)
        if said is None or said.attempt < event.attempt:
            said = self.said[event.turn_id] = Said(event.attempt)
        elif said.attempt > event.attempt:
            return
        said.parts[type(event)].append(event.text)
        said.at = monotonic()

    def refuse(self, turn_id: UUID, attempt: int) -> None:
        earlier = self.refused.get(turn_id)
        self.refused[turn_id] = Refused(max(attempt, earlier.attempt if earlier else 0), monotonic())

    def forget_turn(self, turn_id: UUID) -> None:
        self.refused.pop(turn_id, None)
        self.said.pop(turn_id, None)

    def forget_abandoned(self) -> None:
        """Turns whose end nobody told here: another process took them over."""
        long_ago = monotonic() - _ABANDONED_S
        self.said = {turn_id: said for turn_id, said in self.said.items() if said.at > long_ago}
        self.refused = {turn_id: refused for turn_id, refused in self.refused.items() if refused.at > long_ago}


def entry_of(event: AnyEvent) -> Entry:
    data = protocol.encode(event)
    if isinstance(event, TurnDelta):
        return Entry(data, event.turn_id, event.attempt, text=event.text, at=event.at)
    if isinstance(event, TurnReasoning):
        return Entry(data, event.turn_id, event.attempt, reasoning=event.text, at=event.at)
    if isinstance(event, TurnFinished):
        return Entry(data, event.turn_id, event.attempt, mark="last")
    if isinstance(event, TurnWaiting):
        return Entry(data, event.turn_id, event.attempt, mark="waiting")
    if isinstance(event, TurnStarted | TurnReset):
        return Entry(data, event.turn_id, event.attempt)
    return Entry(data)
