"""One room in one process: what its seats are given when words of it come late, twice, not at all, or too fast."""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from chatplatform.kernel.backends import backend
from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging import hearing, protocol
from messaging.hearing import Room
from messaging.packets import Packet
from messaging.protocol.events import MemberChanged, TurnDelta
from messaging.sockets import Seat
from messaging.streams.base import Entry, StreamLog
from messaging.types import Cursor


class Line:
    """A socket that takes everything at once and remembers it."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.woken = 0
        self.is_free = True

    def write(self, packet: Packet) -> None:
        self.frames.append(json.loads(packet.data))

    def wake(self) -> None:
        self.woken += 1

    @property
    def offsets(self) -> list[tuple[int, int]]:
        return [(frame["first"], frame["last"]) for frame in self.frames]


class Here:
    """A room with two people in it, and its stream, of which no word comes by itself."""

    def __init__(self) -> None:
        self.thread, self.turn, self.at = new_id(), new_id(), 0
        self.room = Room(self.thread)
        self.lines = [Line(), Line()]
        self.stream: StreamLog = backend("stream_log")
        self.reads = 0

    async def begin(self, monkeypatch: pytest.MonkeyPatch) -> "Here":
        top = await self.stream.top(self.thread)
        for line in self.lines:
            self.sit(line, top)
        self.room.epoch, self.room.last = top.epoch, top.offset
        read_after = self.stream.read_after

        async def counted(thread_id: UUID, cursor: Cursor) -> Any:
            self.reads += 1
            return await read_after(thread_id, cursor)

        monkeypatch.setattr(self.stream, "read_after", counted)
        return self

    def sit(self, line: Line, cursor: Cursor) -> Seat:
        socket: Any = line
        seat = Seat(socket, self.thread)
        seat.epoch, seat.offset, seat.is_live = cursor.epoch, cursor.offset, True
        self.room.add(seat)
        return seat

    async def is_dear(self) -> None:
        """The last broadcast was so dear that words wait: for longer than any test, whatever it has cost in truth."""
        await asyncio.sleep(0)  # that is noted when the loop comes round
        self.room._waits_until = asyncio.get_running_loop().time() + 60

    async def append(self, *events: bytes) -> tuple[str, int, list[bytes]]:
        """Into the stream; the word of it, to be given to the room or to be lost."""
        appended = await self.stream.append(self.thread, [Entry(event) for event in events])
        return appended.epoch, appended.first, list(events)

    async def say(self, text: str) -> tuple[str, int, list[bytes]]:
        at, self.at = self.at, self.at + len(text)
        return await self.append(protocol.encode(TurnDelta(self.turn, 1, at, len(text), text)))


def changed() -> bytes:
    return protocol.encode(MemberChanged(new_id()))


@pytest.fixture
async def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    return await Here().begin(monkeypatch)


async def test_what_was_lost_on_the_way_is_read_once_for_all_seats(here: Here) -> None:
    await here.room.hear(*await here.append(changed()), False)
    await here.append(changed(), changed())
    await here.append(changed())
    await here.room.hear(*await here.append(changed()), False)
    for line in here.lines:
        assert line.offsets == [(1, 1), (2, 5)]
        assert line.woken == 0
    assert here.reads == 1


async def test_what_was_read_before_its_word_came_is_not_given_twice(here: Here) -> None:
    late = await here.append(changed())
    both = await here.append(changed(), changed())
    await here.room.hear(*await here.append(changed()), False)
    await here.room.hear(*late, False)
    await here.room.hear(*both, False)
    await here.room.hear(*await here.append(changed()), False)
    assert here.lines[0].offsets == [(1, 4), (5, 5)]


async def test_a_lost_last_word_is_given_by_a_look(here: Here) -> None:
    await here.append(changed(), changed())
    await here.room.look()
    assert [line.offsets for line in here.lines] == [[(1, 2)], [(1, 2)]]
    await here.room.look()
    assert here.reads == 1


async def test_a_hole_that_cannot_be_read_makes_every_seat_look_for_itself(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.append(changed())

    async def away(*_: Any) -> Any:
        raise Unavailable("gone for a while")

    monkeypatch.setattr(here.stream, "read_after", away)
    await here.room.hear(*await here.append(changed()), False)
    assert [(line.offsets, line.woken) for line in here.lines] == [([], 1), ([], 1)]
    assert all(here.room.is_behind(seat) for seat in here.room.all())


async def test_a_room_that_began_anew_makes_every_seat_look(here: Here) -> None:
    await here.room.hear(*await here.append(changed()), False)
    await here.stream.forget(here.thread)
    await here.room.hear(*await here.append(changed()), False)
    assert [line.woken for line in here.lines] == [1, 1]
    assert [line.offsets for line in here.lines] == [[(1, 1)], [(1, 1)]]


async def test_words_wait_for_the_next_ones_while_broadcasting_is_dear(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    await here.room.hear(*await here.say("a"), True)
    await here.is_dear()
    word, loop = await here.say("b"), asyncio.get_running_loop()
    due: list[tuple[float, Any]] = []
    with monkeypatch.context() as clock:
        clock.setattr(loop, "call_later", lambda wait_s, call: due.append((wait_s, call)))
        await here.room.hear(*word, True)
    for text in "cd":
        await here.room.hear(*await here.say(text), True)
    assert here.lines[0].offsets == [(1, 1)]
    [(wait_s, call)] = due
    assert 0 < wait_s <= 60
    call()
    async with asyncio.timeout(5):
        while len(here.lines[0].frames) < 2:
            await asyncio.sleep(0.002)
    assert here.lines[0].offsets == [(1, 1), (2, 4)]
    assert [event["text"] for event in here.lines[0].frames[-1]["events"]] == ["bcd"]


async def test_what_is_not_patient_takes_the_waiting_words_with_it(here: Here) -> None:
    await here.room.hear(*await here.say("a"), True)
    await here.is_dear()
    await here.room.hear(*await here.say("b"), True)
    await here.room.hear(*await here.say("c"), True)
    await here.room.hear(*await here.append(changed()), False)
    assert here.lines[0].offsets == [(1, 1), (2, 4)]
    assert [event["type"] for event in here.lines[0].frames[-1]["events"]] == ["turn.delta", "member.changed"]


async def test_who_joins_while_words_wait_is_given_them_once(here: Here) -> None:
    await here.room.hear(*await here.say("a"), True)
    await here.is_dear()
    await here.room.hear(*await here.say("b"), True)
    late = Line()
    here.sit(late, await here.stream.top(here.thread))  # a snapshot that says "ab"
    await here.room.hear(*await here.append(changed()), False)
    assert here.lines[0].offsets == [(1, 1), (2, 3)]
    assert (late.offsets, late.woken) == ([], 1)  # it reads the last one for itself
    await here.room.hear(*await here.append(changed()), False)
    assert here.lines[0].offsets[-1] == (4, 4)


def test_the_window_follows_the_cost_of_a_broadcast(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(new_id())
    monkeypatch.setattr(hearing, "monotonic", lambda: 100.0)
    for cost_s, wait_s in [(0.001, 0.004), (0.010, 0.040), (1.0, hearing.MOST_WINDOW_S)]:
        monkeypatch.setattr(hearing, "perf_counter", lambda cost_s=cost_s: cost_s)
        room._note_cost(0.0)
        assert room._waits_until == pytest.approx(100.0 + wait_s)
