"""What every stream log promises (`streams/base.py`), asked of each implementation."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from django.utils.module_loading import import_string

from chatplatform.kernel import clock
from chatplatform.kernel.backends import backend
from chatplatform.kernel.ids import new_id
from messaging.streams import memory, redis
from messaging.streams.base import Entry, Said, StreamLog
from messaging.types import Cursor

LOGS = [
    "messaging.streams.memory.MemoryStreamLog",
    pytest.param("messaging.streams.redis.RedisStreamLog", marks=pytest.mark.needs("redis")),
]


@pytest.fixture(params=LOGS)
async def log(request: pytest.FixtureRequest, settings: Any) -> AsyncIterator[StreamLog]:
    if "redis" in request.param:
        request.getfixturevalue("shared")
        settings.BACKENDS = {**settings.BACKENDS, "relay": "messaging.relays.channels.ChannelRelay"}
    await backend("relay").start()
    log: StreamLog = import_string(request.param)()
    yield log
    await log.stop()
    await backend("relay").stop()


def words(turn: UUID, attempt: int, text: str, **fields: str) -> Entry:
    return Entry(text.encode(), turn, attempt, text=text, **fields)  # type: ignore[arg-type]


def said(turn: UUID, at: int, text: str) -> Entry:
    return Entry(text.encode(), turn, 1, text=text, at=at)


async def test_offsets_are_dense_from_one(log: StreamLog) -> None:
    thread = new_id()
    start = await log.top(thread)
    assert start.offset == 0
    first = await log.append(thread, [Entry(b"a"), Entry(b"b")])
    second = await log.append(thread, [Entry(b"c")])
    assert (first.first, first.last, second.first, second.last) == (1, 2, 3, 3)
    assert first.epoch == second.epoch == start.epoch
    assert await log.top(thread) == Cursor(start.epoch, 3)


async def test_what_is_over_says_nothing_more(log: StreamLog) -> None:
    """A process that only stood still wakes up, and others ended its turn under the attempt that it still has."""
    thread, turn = new_id(), new_id()
    await log.append(thread, [words(turn, 1, "half"), words(turn, 1, "", mark="last")])
    late = await log.append(thread, [words(turn, 1, "too late"), words(turn, 1, "", mark="last")])
    assert late.refused == (0, 1)
    standing = await log.standing(thread)
    assert standing.turns == {}
    assert standing.cursor.offset == 2


async def test_rooms_are_apart(log: StreamLog) -> None:
    one, two = new_id(), new_id()
    await log.append(one, [Entry(b"a")])
    assert (await log.top(two)).offset == 0
    assert (await log.top(one)).epoch != (await log.top(two)).epoch


async def test_a_reader_gets_all_it_missed_in_order(log: StreamLog) -> None:
    thread = new_id()
    start = await log.top(thread)
    for n in range(10):
        await log.append(thread, [Entry(b"%d" % n)])
    missed = await log.read_after(thread, Cursor(start.epoch, 4))
    assert missed is not None
    assert (missed.first, missed.events) == (5, [b"4", b"5", b"6", b"7", b"8", b"9"])
    nothing = await log.read_after(thread, Cursor(start.epoch, 10))
    assert nothing is not None and nothing.events == []


async def test_a_cursor_that_cannot_be_served_whole_is_not_served(log: StreamLog) -> None:
    thread = new_id()
    start = await log.top(thread)
    await log.append(thread, [Entry(b"a")])
    assert await log.read_after(thread, Cursor("another", 0)) is None
    assert await log.read_after(thread, Cursor(start.epoch, 2)) is None
    assert await log.read_after(new_id(), Cursor(start.epoch, 0)) is None


async def test_a_forgotten_room_begins_anew(log: StreamLog) -> None:
    thread = new_id()
    before = await log.append(thread, [Entry(b"a")])
    await log.forget(thread)
    after = await log.append(thread, [Entry(b"b")])
    assert after.epoch != before.epoch and after.first == 1
    assert await log.read_after(thread, Cursor(before.epoch, 1)) is None


async def test_a_superseded_writer_is_refused(log: StreamLog) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [words(turn, 2, "new")])
    mixed = await log.append(thread, [words(turn, 1, "old"), Entry(b"other"), words(turn, 2, "er")])
    assert mixed.refused == (0,)
    assert (mixed.first, mixed.last) == (2, 3)
    again = await log.append(thread, [words(turn, 1, "old")])
    assert again.refused == (0,) and again.last == again.first - 1
    read = await log.read_after(thread, Cursor(mixed.epoch, 0))
    assert read is not None and read.events == [b"new", b"other", b"er"]


async def test_a_turn_that_is_over_still_refuses_its_older_attempt(log: StreamLog) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [words(turn, 2, "new"), words(turn, 2, "", mark="last")])
    assert (await log.append(thread, [words(turn, 1, "zombie")])).refused == (0,)


async def test_what_was_said_is_just_what_the_events_said(log: StreamLog) -> None:
    thread, one, two = new_id(), new_id(), new_id()
    await log.append(thread, [words(one, 1, "Hel"), words(two, 1, "A"), words(one, 1, "lo")])
    await log.append(thread, [Entry(b"r", one, 1, reasoning="hm")])
    standing = await log.standing(thread)
    assert standing.cursor.offset == 4
    assert (standing.turns[one].text, standing.turns[one].reasoning) == ("Hello", "hm")
    assert standing.turns[two].text == "A"
    await log.append(thread, [words(one, 1, "!"), words(two, 1, "", mark="last")])
    later = await log.standing(thread)
    assert later.turns[one].text == "Hello!" and two not in later.turns


async def test_a_new_attempt_begins_with_no_words(log: StreamLog) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [words(turn, 1, "first")])
    await log.append(thread, [words(turn, 1, "ignored below"), words(turn, 2, "")])
    said = (await log.standing(thread)).turns[turn]
    assert (said.attempt, said.text) == (2, "")


async def test_words_that_are_said_again_are_not_said_twice(log: StreamLog) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [said(turn, 0, "Hel"), said(turn, 3, "lo")])
    again = await log.append(thread, [said(turn, 3, "lo"), said(turn, 5, "!"), said(turn, 0, "Hello!")])
    assert (again.first, again.last, again.refused, again.holes) == (3, 3, (), ())
    assert (await log.standing(thread)).turns[turn].text == "Hello!"
    only = await log.append(thread, [said(turn, 5, "!")])
    assert (only.first, only.last) == (4, 3)


async def test_words_whose_beginning_is_not_known_are_not_kept(log: StreamLog) -> None:
    """As after the log has forgotten the room in the middle of an answer."""
    thread, turn, other = new_id(), new_id(), new_id()
    holed = await log.append(thread, [said(turn, 5, "!"), Entry(b"else"), said(other, 0, "a"), said(other, 9, "b")])
    assert (holed.first, holed.last, holed.holes, holed.refused) == (1, 2, (0, 3), ())
    assert (await log.standing(thread)).turns.get(turn) in {None, Said(1, "", "")}
    whole = await log.append(thread, [said(turn, 0, "Hello!"), said(turn, 6, "?")])
    assert (whole.first, whole.last, whole.holes) == (3, 4, ())
    assert (await log.standing(thread)).turns[turn].text == "Hello!?"


async def test_the_whole_takes_the_place_of_its_part(log: StreamLog) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [said(turn, 0, "Hel")])
    overlapping = await log.append(thread, [said(turn, 2, "llo")])
    assert overlapping.holes == (0,)
    whole = await log.append(thread, [said(turn, 0, "Hello ⛴️"), said(turn, 8, "!")])
    assert (whole.last - whole.first, whole.holes) == (1, ())
    assert (await log.standing(thread)).turns[turn].text == "Hello ⛴️!"


async def test_waiting_is_known_until_the_turn_goes_on(log: StreamLog) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [Entry(b"why", turn, 1, mark="waiting")])
    assert (await log.standing(thread)).turns[turn].waiting == b"why"
    await log.append(thread, [words(turn, 1, "go")])
    assert (await log.standing(thread)).turns[turn].waiting is None


async def test_a_room_is_bounded_in_bytes(log: StreamLog) -> None:
    thread = new_id()
    start = await log.top(thread)
    for _ in range(64):
        await log.append(thread, [Entry(b"x" * 64 * 1024)])
    assert await log.read_after(thread, Cursor(start.epoch, 0)) is None
    recent = await log.read_after(thread, Cursor(start.epoch, 60))
    assert recent is not None and len(recent.events) == 4


async def test_events_pass_with_age_but_the_position_stays(log: StreamLog, monkeypatch: pytest.MonkeyPatch) -> None:
    thread = new_id()
    before = await log.append(thread, [Entry(b"old")])
    with monkeypatch.context() as patch:
        if isinstance(log, memory.MemoryStreamLog):
            then = clock.monotonic()
            patch.setattr(memory, "monotonic", lambda: then + memory.MAX_AGE_S + 1)
        else:
            patch.setattr(redis, "MAX_AGE_S", -1)  # its clock is its own
        assert await log.read_after(thread, Cursor(before.epoch, 0)) is None
        after = await log.append(thread, [Entry(b"new")])
    assert (after.epoch, after.first) == (before.epoch, 2)


async def test_all_rooms_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "ALL_BYTES", 300 * 1024)
    log = memory.MemoryStreamLog()
    rooms = [new_id() for _ in range(8)]
    for room in rooms:
        await log.append(room, [Entry(b"x" * 100 * 1024)])
    assert log._size_bytes <= 300 * 1024
    quiet, busy = await log.top(rooms[0]), await log.top(rooms[-1])
    assert quiet.offset == 1  # it keeps its place, not its events
    assert await log.read_after(rooms[0], Cursor(quiet.epoch, 0)) is None
    assert await log.read_after(rooms[-1], Cursor(busy.epoch, 0)) is not None


async def test_what_an_append_costs_does_not_grow_with_the_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound an append lets go of as much as it brings, and looks at no other room than those that yield."""
    monkeypatch.setattr(memory, "ALL_BYTES", 100 * 1024)
    log = memory.MemoryStreamLog()
    rooms = [new_id() for _ in range(1000)]
    for room in rooms:
        await log.append(room, [Entry(b"x" * 1024)])
    assert len(log._full) < 100 and len(log._rooms) == 1000

    class Unseen(OrderedDict[Any, Any]):
        def __iter__(self) -> Any:
            raise AssertionError("all rooms were looked at")

        keys = values = items = __iter__

    log._rooms = Unseen(log._rooms.copy())
    dropped = 0
    drop_oldest = memory._Room.drop_oldest

    def count(room: memory._Room) -> int:
        nonlocal dropped
        dropped += 1
        return drop_oldest(room)

    monkeypatch.setattr(memory._Room, "drop_oldest", count)
    for n, room in enumerate(rooms[:200]):
        await log.append(room, [Entry(b"y" * 1024)])
        assert dropped == n + 1
        assert log._size_bytes == sum(kept.size_bytes for kept in log._full.values()) <= 100 * 1024
    assert list(log._full)[-1] == rooms[199]


async def test_of_the_rooms_the_one_that_was_quiet_longest_yields_its_oldest_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "ALL_BYTES", 5 * 1200)
    log = memory.MemoryStreamLog()
    quiet, busy = new_id(), new_id()
    for room in (quiet, quiet, busy, busy):
        await log.append(room, [Entry(b"x" * 1024)])
    last = await log.append(busy, [Entry(b"x" * 1024)] * 2)
    top = await log.top(quiet)
    assert await log.read_after(quiet, Cursor(top.epoch, 0)) is None
    kept = await log.read_after(quiet, Cursor(top.epoch, 1))
    assert kept is not None and len(kept.events) == 1
    every = await log.read_after(busy, Cursor(last.epoch, 0))
    assert every is not None and len(every.events) == 4
    await log.forget(busy)
    assert log._size_bytes == sum(room.size_bytes for room in log._full.values()) == 1024 + 100


class Follower:
    """Remembers what it hears of rooms."""

    def __init__(self) -> None:
        self.heard: list[tuple[UUID, str, int, list[bytes]]] = []

    async def __call__(
        self, thread_id: UUID, epoch: str, first: int, events: Sequence[bytes], is_patient: bool
    ) -> None:
        self.heard.append((thread_id, epoch, first, list(events)))

    @property
    def events(self) -> list[bytes]:
        return [data for _, _, _, events in self.heard for data in events]


async def until(is_so: Callable[[], object], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.sleep(0.002)


async def test_who_follows_a_room_hears_what_is_appended_in_order(log: StreamLog) -> None:
    thread, other, follower = new_id(), new_id(), Follower()
    await log.append(thread, [Entry(b"before")])
    await log.follow(thread, follower)
    last = None
    for n in range(20):
        last = await log.append(thread, [Entry(b'{"n":%d}' % n), Entry(b"[]")])
        await log.append(other, [Entry(b"elsewhere")])
    assert last is not None
    await until(lambda: len(follower.events) >= 40)
    assert {(t, epoch) for t, epoch, _, _ in follower.heard} == {(thread, last.epoch)}
    assert follower.events == [data for n in range(20) for data in (b'{"n":%d}' % n, b"[]")]
    at = 2
    for _, _, first, events in follower.heard:
        assert first == at
        at += len(events)
    assert at == last.last + 1


async def test_who_follows_hears_nothing_that_was_refused(log: StreamLog) -> None:
    thread, turn, follower = new_id(), new_id(), Follower()
    await log.append(thread, [words(turn, 2, "new")])
    await log.follow(thread, follower)
    await log.append(thread, [words(turn, 1, "old"), Entry(b"other"), words(turn, 2, "er")])
    await log.append(thread, [words(turn, 1, "old")])
    await log.append(thread, [Entry(b"end")])
    await until(lambda: b"end" in follower.events)
    assert [(first, events) for _, _, first, events in follower.heard] == [(2, [b"other", b"er"]), (4, [b"end"])]


async def test_who_follows_no_more_hears_no_more(log: StreamLog) -> None:
    thread, follower, later = new_id(), Follower(), Follower()
    await log.follow(thread, follower)
    log.unfollow(thread)
    await log.append(thread, [Entry(b"a")])
    await log.follow(thread, later)
    await log.append(thread, [Entry(b"b")])
    await until(lambda: b"b" in later.events)
    assert not follower.heard


async def test_who_follows_a_room_hears_that_it_begins_anew(log: StreamLog) -> None:
    thread, follower = new_id(), Follower()
    before = await log.append(thread, [Entry(b"a")])
    await log.follow(thread, follower)
    await log.forget(thread)
    await until(lambda: follower.heard)
    ((_, epoch, first, events),) = follower.heard
    assert epoch == (await log.top(thread)).epoch != before.epoch
    assert (first, events) == (1, [])
