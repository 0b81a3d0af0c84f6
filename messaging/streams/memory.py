"""The stream of each room in this process's memory.

Gone with the process, which its readers notice by the epoch. Bounded three times: bytes and age of a
room's events, and bytes of all rooms together, where the room that was quiet longest yields its oldest ones. An append costs the
same however many rooms there are.
"""

import secrets
from collections import OrderedDict, deque
from collections.abc import Sequence
from itertools import islice
from typing import Literal
from uuid import UUID

from chatplatform.kernel.clock import monotonic
from messaging.streams.base import Appended, Entry, Hear, Said, Slice, Standing
from messaging.types import Cursor

ROOM_BYTES = 1024 * 1024
ALL_BYTES = 96 * 1024 * 1024
MAX_AGE_S = 600.0
# Positions outlive events, so that a quiet room needs no snapshot when it speaks again.
MAX_ROOMS = 20_000
MAX_FENCES = 512
_OVERHEAD_BYTES = 100  # of one kept event: its bytes object and its tuple


class _Words:
    """Parts are joined only when somebody asks, so adding stays cheap."""

    __slots__ = ("n", "parts")

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.n = 0  # code points

    def add(self, words: str, at: int | None) -> Literal["kept", "said", "hole"]:
        n, begin = len(words), self.n if at is None else at
        if begin > self.n or 0 < begin < self.n < begin + n:
            return "hole"
        if n and begin + n <= self.n:
            return "said"
        if begin < self.n:  # the whole of it is said again, and more
            self.parts.clear()
        self.parts.append(words)
        self.n = begin + n
        return "kept"

    def whole(self) -> str:
        self.parts = ["".join(self.parts)]
        return self.parts[0]


class _Turn:
    """What one turn said."""

    __slots__ = ("attempt", "reasoning", "text", "waiting")

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.text, self.reasoning = _Words(), _Words()
        self.waiting: bytes | None = None

    def said(self) -> Said:
        return Said(self.attempt, self.text.whole(), self.reasoning.whole(), self.waiting)


class _Room:
    __slots__ = ("epoch", "events", "fences", "last", "size_bytes", "turns")

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self.last = 0  # the highest offset given
        self.events: deque[tuple[float, bytes]] = deque()
        self.size_bytes = 0
        self.turns: dict[UUID, _Turn] = {}
        self.fences: OrderedDict[UUID, int] = OrderedDict()  # turn → highest attempt, of ended turns too

    def admits(self, entry: Entry) -> bool:
        if entry.turn_id is None:
            return True
        if entry.attempt < self.fences.get(entry.turn_id, 0):
            return False
        # What is over says nothing more: who ended it may have done so under the attempt of one that only stood still.
        self.fences[entry.turn_id] = entry.attempt + (entry.mark == "last")
        self.fences.move_to_end(entry.turn_id)
        while len(self.fences) > MAX_FENCES:
            self.fences.popitem(last=False)
        return True

    def hear(self, entry: Entry) -> Literal["kept", "said", "hole"]:
        """Keep what the entry adds to its turn's words."""
        if entry.turn_id is None:
            return "kept"
        if entry.mark == "last":
            self.turns.pop(entry.turn_id, None)
            return "kept"
        turn = self.turns.get(entry.turn_id)
        if turn is None or turn.attempt != entry.attempt:
            turn = self.turns[entry.turn_id] = _Turn(entry.attempt)
        took: Literal["kept", "said", "hole"] = "kept"
        if entry.text:
            took = turn.text.add(entry.text, entry.at)
        elif entry.reasoning:
            took = turn.reasoning.add(entry.reasoning, entry.at)
        if took == "kept":
            turn.waiting = entry.data if entry.mark == "waiting" else None
        return took

    def drop_oldest(self) -> int:
        _, data = self.events.popleft()
        size = len(data) + _OVERHEAD_BYTES
        self.size_bytes -= size
        return size


class MemoryStreamLog:
    """Never suspends but for who follows: what it answers is true at the instant of the call.

    Whoever follows a room has heard what is appended when `append` returns.
    """

    append_cost_s = 0.0

    def __init__(self) -> None:
        self._rooms: OrderedDict[UUID, _Room] = OrderedDict()  # the one quiet longest first
        self._full: OrderedDict[UUID, _Room] = OrderedDict()  # those of them that hold events, in the same order
        self._size_bytes = 0
        self._hearers: dict[UUID, Hear] = {}

    async def append(self, thread_id: UUID, entries: Sequence[Entry]) -> Appended:
        room = self._room(thread_id)
        self._rooms.move_to_end(thread_id)
        at, first = monotonic(), room.last + 1
        kept: list[bytes] = []
        refused: list[int] = []
        holes: list[int] = []
        for index, entry in enumerate(entries):
            if not room.admits(entry):
                refused.append(index)
                continue
            took = room.hear(entry)
            if took == "hole":
                holes.append(index)
            if took != "kept":
                continue
            room.last += 1
            room.events.append((at, entry.data))
            kept.append(entry.data)
            size = len(entry.data) + _OVERHEAD_BYTES
            room.size_bytes += size
            self._size_bytes += size
        if kept:
            self._full[thread_id] = room
            self._full.move_to_end(thread_id)
        while room.size_bytes > ROOM_BYTES:
            self._drop_oldest(thread_id, room)
        self._drop_aged(thread_id, room, at)
        while self._size_bytes > ALL_BYTES:
            self._drop_oldest(*next(iter(self._full.items())))
        appended = Appended(room.epoch, first, room.last, tuple(refused), tuple(holes))
        if kept and (hear := self._hearers.get(thread_id)) is not None:
            await hear(thread_id, room.epoch, first, kept, False)  # they have waited, in `rooms`
        return appended

    async def read_after(self, thread_id: UUID, cursor: Cursor) -> Slice | None:
        room = self._rooms.get(thread_id)
        if room is None or cursor.epoch != room.epoch or cursor.offset > room.last:
            return None
        self._drop_aged(thread_id, room, monotonic())
        missed = room.last - cursor.offset
        if missed > len(room.events):
            return None
        tail = islice(reversed(room.events), missed)
        events = [data for _, data in tail]
        events.reverse()
        return Slice(room.epoch, cursor.offset + 1, events)

    async def top(self, thread_id: UUID) -> Cursor:
        room = self._room(thread_id)
        return Cursor(room.epoch, room.last)

    async def standing(self, thread_id: UUID) -> Standing:
        room = self._room(thread_id)
        turns = {turn_id: turn.said() for turn_id, turn in room.turns.items()}
        return Standing(Cursor(room.epoch, room.last), turns)

    async def follow(self, thread_id: UUID, hear: Hear) -> None:
        self._hearers[thread_id] = hear

    def unfollow(self, thread_id: UUID) -> None:
        self._hearers.pop(thread_id, None)

    async def forget(self, thread_id: UUID) -> None:
        if (room := self._rooms.pop(thread_id, None)) is not None:
            self._forget_events(thread_id, room)
        if (hear := self._hearers.get(thread_id)) is not None:
            await hear(thread_id, self._room(thread_id).epoch, 1, [], False)

    async def stop(self) -> None:
        self._hearers.clear()

    def _room(self, thread_id: UUID) -> _Room:
        room = self._rooms.get(thread_id)
        if room is None:
            room = self._rooms[thread_id] = _Room()
            while len(self._rooms) > MAX_ROOMS:
                self._forget_events(*self._rooms.popitem(last=False))
        return room

    def _drop_aged(self, thread_id: UUID, room: _Room, at: float) -> None:
        oldest = at - MAX_AGE_S
        while room.events and room.events[0][0] < oldest:
            self._drop_oldest(thread_id, room)

    def _drop_oldest(self, thread_id: UUID, room: _Room) -> None:
        self._size_bytes -= room.drop_oldest()
        if not room.events:
            del self._full[thread_id]

    def _forget_events(self, thread_id: UUID, room: _Room) -> None:
        self._size_bytes -= room.size_bytes
        self._full.pop(thread_id, None)
