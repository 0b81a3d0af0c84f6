"""The stream in Redis when Redis forgets, remembers too much, is full or hangs: never two numberings under one epoch."""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter
from typing import Any
from uuid import UUID

import pytest
import redis as client

from chatplatform.kernel.errors import Unavailable
from chatplatform.kernel.ids import new_id
from messaging.streams import redis_server
from messaging.streams.base import Entry
from messaging.streams.redis import RedisStreamLog
from messaging.types import Cursor
from tests.contracts.test_stream_log import said
from tools import services

pytestmark = pytest.mark.needs("redis")


@pytest.fixture
async def log(own_redis: services.Redis) -> AsyncIterator[RedisStreamLog]:
    log = RedisStreamLog()
    yield log
    own_redis.resume()
    await log.stop()


async def append_when_it_is_back(log: RedisStreamLog, thread: UUID, *entries: Entry) -> Any:
    async with asyncio.timeout(10):
        while True:
            try:
                return await log.append(thread, entries or [Entry(b"later")])
            except Unavailable:
                await asyncio.sleep(0.05)


async def test_an_emptied_redis_begins_anew(own_redis: services.Redis, log: RedisStreamLog) -> None:
    thread, turn = new_id(), new_id()
    before = await log.append(thread, [said(turn, 0, "Hello"), Entry(b"b")])
    own_redis.run("FLUSHALL")
    assert await log.read_after(thread, Cursor(before.epoch, 1)) is None
    after = await log.append(thread, [said(turn, 5, "!"), Entry(b"c")])
    assert after.epoch != before.epoch
    assert (after.first, after.last, after.holes) == (1, 1, (0,))
    again = await log.append(thread, [Entry(b"d")])
    assert (again.epoch, again.first) == (after.epoch, 2)


async def test_a_redis_that_was_killed_begins_anew(own_redis: services.Redis, log: RedisStreamLog) -> None:
    thread = new_id()
    before = await log.append(thread, [Entry(b"a")])
    own_redis.kill()
    began = perf_counter()
    for _ in range(20):
        with pytest.raises(Unavailable):
            await log.append(thread, [Entry(b"b")])
    assert perf_counter() - began < 10
    own_redis.start()
    after = await append_when_it_is_back(log, thread)
    assert after.epoch != before.epoch


async def test_an_old_copy_of_a_room_is_not_gone_on_with(own_redis: services.Redis, log: RedisStreamLog) -> None:
    """As from its disk, or a follower that lagged: offsets after 2 were given before, to other events."""
    thread, turn = new_id(), new_id()
    before = await log.append(thread, [said(turn, 0, "Hello"), Entry(b"b")])
    assert own_redis.run("SAVE") == "+OK"
    await log.append(thread, [Entry(b"c"), Entry(b"d")])
    own_redis.kill()
    own_redis.start()
    with client.Redis(port=own_redis.port) as connection:
        assert len(connection.keys(f"parley:{{{thread}}}:*")) > 1, "the old copy is there"
    after = await append_when_it_is_back(log, thread, Entry(b"e"))
    assert (after.first, after.last) == (1, 1)
    assert after.epoch != before.epoch
    assert await log.read_after(thread, Cursor(before.epoch, 1)) is None
    assert (await log.standing(thread)).turns == {}
    read = await log.read_after(thread, Cursor(after.epoch, 0))
    assert read is not None
    assert read.events == [b"e"]


async def test_a_full_redis_refuses_and_takes_again(own_redis: services.Redis, log: RedisStreamLog) -> None:
    thread = new_id()
    before = await log.append(thread, [Entry(b"a")])
    own_redis.run("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(Unavailable):
        await log.append(thread, [Entry(b"b"), Entry(b"c")])
    read = await log.read_after(thread, Cursor(before.epoch, 0))
    assert read is not None
    assert read.events == [b"a"]
    own_redis.run("CONFIG", "SET", "maxmemory", "64mb")
    after = await log.append(thread, [Entry(b"b")])
    assert (after.epoch, after.first) == (before.epoch, 2)


async def test_a_redis_that_hangs_is_not_waited_for_by_everybody(
    own_redis: services.Redis, log: RedisStreamLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = new_id()
    await log.append(thread, [Entry(b"a")])
    own_redis.pause()
    began = perf_counter()
    with pytest.raises(Unavailable):
        await log.append(thread, [Entry(b"b")])
    assert perf_counter() - began < redis_server.CONNECT_S + redis_server.COMMAND_S + 5
    began = perf_counter()
    for _ in range(100):
        with pytest.raises(Unavailable):
            await log.append(thread, [Entry(b"b")])
    assert perf_counter() - began < 20  # each by itself would take two seconds


async def test_what_redis_did_after_it_hung_is_not_done_twice(own_redis: services.Redis, log: RedisStreamLog) -> None:
    """It finds the command that nobody waits for any more when it goes on."""
    thread, turn = new_id(), new_id()
    await log.append(thread, [said(turn, 0, "Hel")])
    own_redis.pause()
    with pytest.raises(Unavailable):
        await log.append(thread, [said(turn, 3, "lo")])
    own_redis.resume()
    again = await append_when_it_is_back(log, thread, said(turn, 3, "lo"), said(turn, 5, "!"))
    standing = await log.standing(thread)
    assert standing.turns[turn].text == "Hello!"
    assert standing.cursor.offset == again.last == 3


async def test_scripts_that_redis_forgot_are_given_again(own_redis: services.Redis, log: RedisStreamLog) -> None:
    thread = new_id()
    await log.append(thread, [Entry(b"a")])
    own_redis.run("SCRIPT", "FLUSH")
    assert (await log.append(thread, [Entry(b"b")])).last == 2


async def test_everything_of_a_room_passes_by_itself(own_redis: services.Redis, log: RedisStreamLog) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [said(turn, 0, "Hello"), Entry(b"r", turn, 1, reasoning="hm"), Entry(b"b")])
    await log.append(thread, [said(new_id(), 0, "another")])
    await log.append(thread, [Entry(b"x" * 2_000_000)])  # more than is kept: no event is left
    await log.append(thread, [Entry(b"y")])
    with client.Redis(port=own_redis.port, decode_responses=True) as connection:
        keys: Any = connection.keys(f"parley:{{{thread}}}:*")
        kept = {key.rpartition("}:")[2]: connection.ttl(key) for key in keys}
    assert len(kept) == 5 + 3
    assert all(0 < ttl <= 86_400 for ttl in kept.values()), kept
    assert kept["events"] <= 600 + 120


async def test_fences_are_bounded(own_redis: services.Redis, log: RedisStreamLog) -> None:
    thread = new_id()
    for _ in range(6):
        await log.append(thread, [Entry(b"a", new_id(), 1, mark="last") for _ in range(100)])
    with client.Redis(port=own_redis.port) as connection:
        assert connection.hlen(f"parley:{{{thread}}}:fences") == 512
        assert connection.llen(f"parley:{{{thread}}}:order") == 512


@pytest.mark.parametrize("thrown_out", ["t", "stand"])
async def test_what_redis_threw_out_for_want_of_memory_makes_the_room_begin_anew(
    own_redis: services.Redis, log: RedisStreamLog, thrown_out: str
) -> None:
    """`noeviction` is the default and the advice; another policy costs a reload and nothing more."""
    thread, turn = new_id(), new_id()
    before = await log.append(thread, [said(turn, 0, "Hello")])
    key = "stand" if thrown_out == "stand" else f"said:{turn}t"
    assert own_redis.run("DEL", f"parley:{{{thread}}}:{key}") == ":1"
    standing = await log.standing(thread)
    assert standing.cursor.epoch != before.epoch
    assert (standing.cursor.offset, standing.turns) == (0, {})


async def test_words_thrown_out_in_the_middle_are_asked_for_again(
    own_redis: services.Redis, log: RedisStreamLog
) -> None:
    thread, turn = new_id(), new_id()
    await log.append(thread, [said(turn, 0, "Hello")])
    own_redis.run("DEL", f"parley:{{{thread}}}:said:{turn}t")
    assert (await log.append(thread, [said(turn, 5, "!")])).holes == (0,)
    await log.append(thread, [said(turn, 0, "Hello!")])
    assert (await log.standing(thread)).turns[turn].text == "Hello!"
