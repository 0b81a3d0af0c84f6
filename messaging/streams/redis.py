"""The stream of each room in Redis: one script appends, numbers, fences, bounds and tells, in one step.

Redis forgets with its process, and drops rooms that were quiet for a day; readers notice by the epoch. Word of what is
appended goes over the relay to every process that follows the room; a word that is lost leaves a hole in the offsets.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from chatplatform.kernel.backends import backend
from messaging.relays.base import Relay
from messaging.relays.envelope import channel_of, opening_of
from messaging.streams.base import Appended, Entry, Hear, Said, Slice, Standing
from messaging.streams.redis_server import LIFE, RedisServer, Script
from messaging.types import Cursor

log = logging.getLogger(__name__)

ROOM_BYTES = 1024 * 1024
MAX_AGE_S = 600
MOST_HEARD = 10_000  # packets that wait to be given on; what is dropped is a hole like any other
_STAMP_BYTES = 4  # before each kept event: when it came

_decode_word = msgspec.msgpack.Decoder(tuple[bool, str, int, list[bytes]]).decode

_TRUE, _FALSE = msgspec.msgpack.encode(True), msgspec.msgpack.encode(False)


@cache
def _script(name: str) -> Script:
    folder = Path(__file__).parent / "lua"
    return Script((folder / "room.lua").read_text() + (folder / f"{name}.lua").read_text())


class RedisStreamLog:
    """Shared by all processes. Whoever follows hears a little after `append` has returned, or a little before."""

    append_cost_s = 0.0002

    def __init__(self) -> None:
        self._server = RedisServer()
        self._hearers: dict[str, tuple[UUID, Hear]] = {}  # by group
        self._heard: deque[tuple[str, bytes]] = deque(maxlen=MOST_HEARD)
        self._to_give = asyncio.Event()
        self._giving: asyncio.Task[None] | None = None

    async def append(self, thread_id: UUID, entries: Sequence[Entry]) -> Appended:
        group = _group(thread_id)
        arguments: list[str | bytes | int] = [ROOM_BYTES, channel_of(group), opening_of(group)]
        is_patient = all(entry.at for entry in entries)  # first words begin at 0
        arguments.append(_TRUE if is_patient else _FALSE)
        for entry in entries:
            arguments += _arguments(entry)
        epoch, first, last, refused, holes = await self._run("append", thread_id, *arguments)
        return Appended(epoch.decode(), first, last, tuple(refused), tuple(holes))

    async def read_after(self, thread_id: UUID, cursor: Cursor) -> Slice | None:
        events = await self._run("read_after", thread_id, cursor.epoch, cursor.offset)
        if events is None:
            return None
        return Slice(cursor.epoch, cursor.offset + 1, [event[_STAMP_BYTES:] for event in events])

    async def top(self, thread_id: UUID) -> Cursor:
        epoch, last = await self._run("top", thread_id)
        return Cursor(epoch.decode(), last)

    async def standing(self, thread_id: UUID) -> Standing:
        epoch, last, *said = await self._run("standing", thread_id)
        turns = {}
        for i in range(0, len(said), 5):
            turn, attempt, text, reasoning, waiting = said[i : i + 5]
            turns[UUID(turn.decode())] = Said(attempt, text.decode(), reasoning.decode(), waiting or None)
        return Standing(Cursor(epoch.decode(), last), turns)

    async def forget(self, thread_id: UUID) -> None:
        group = _group(thread_id)
        await self._run("forget", thread_id, channel_of(group), opening_of(group), _FALSE)

    async def follow(self, thread_id: UUID, hear: Hear) -> None:
        if self._giving is None:
            self._giving = asyncio.get_running_loop().create_task(self._give_for_ever(), name="what rooms hear")
        group = _group(thread_id)
        self._hearers[group] = thread_id, hear
        _relay().listen(group, self._hear)
        await _relay().ready(group)

    def unfollow(self, thread_id: UUID) -> None:
        group = _group(thread_id)
        if self._hearers.pop(group, None) is not None:
            _relay().mute(group, self._hear)

    async def stop(self) -> None:
        if self._giving is not None:
            self._giving.cancel()
            await asyncio.wait({self._giving})
            self._giving = None
        self._hearers.clear()
        self._heard.clear()
        await self._server.close()

    async def _run(self, name: str, thread_id: UUID, *arguments: str | bytes | int) -> Any:
        room = f"parley:{{{thread_id}}}:"
        keys = [LIFE, *(room + key for key in ("stand", "events", "fences", "order", "open"))]
        return await self._server.run(_script(name), keys, secrets.token_hex(8), f"{room}said:", MAX_AGE_S, *arguments)

    def _hear(self, group: str, data: bytes) -> None:
        self._heard.append((group, data))
        self._to_give.set()

    async def _give_for_ever(self) -> None:
        while True:
            await self._to_give.wait()
            self._to_give.clear()
            while self._heard:
                group, data = self._heard.popleft()
                found = self._hearers.get(group)
                if found is None:
                    continue
                thread_id, hear = found
                try:
                    is_patient, epoch, first, events = _decode_word(data)
                    await hear(thread_id, epoch, first, events, is_patient)
                except Exception:
                    log.exception("What the room of thread %s heard was not given on.", thread_id)


def _group(thread_id: UUID) -> str:
    return f"room.{thread_id}"


def _relay() -> Relay:
    relay: Relay = backend("relay")
    return relay


def _arguments(entry: Entry) -> tuple[str | bytes | int, ...]:
    """As lua/append.lua wants them."""
    kind, words = ("t", entry.text) if entry.text else ("r", entry.reasoning) if entry.reasoning else ("", "")
    return (
        entry.data,
        "" if entry.turn_id is None else str(entry.turn_id),
        entry.attempt,
        entry.mark,
        kind,
        "" if entry.at is None else entry.at,
        len(words),
        words,
    )
