"""The relay over Redis when Redis or the way to it fails: it hears again by itself, and says what it may have missed."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from time import perf_counter

import pytest
import redis

from chatplatform.kernel.errors import Unavailable
from messaging.relays import channels, envelope
from messaging.relays.channels import ChannelRelay
from tests.contracts.test_relay import Ear, until
from tools import services

pytestmark = pytest.mark.needs("redis")


class Side:
    """One process's relay, what it hears of one group, and how often it was told to look."""

    def __init__(self) -> None:
        self.relay, self.ear, self.missed = ChannelRelay(), Ear(), 0

    async def start(self) -> "Side":
        self.relay.when_missed(self._miss)
        await self.relay.start()
        self.relay.listen("room.a", self.ear)
        await self.relay.ready("room.a")
        await until(lambda: self.missed)  # at the start nobody knows what was before
        self.missed = 0
        return self

    def _miss(self) -> None:
        self.missed += 1

    @property
    def heard(self) -> list[bytes]:
        return [data for _, data in self.ear.heard]

    async def hears(self, other: "Side", data: bytes, within_s: float = 10) -> None:
        """Wait until a packet of the other arrives; it sends again what may be lost."""
        async with asyncio.timeout(within_s):
            while data not in self.heard:
                other.relay.send("room.a", data)
                await asyncio.sleep(0.02)


@pytest.fixture
async def sides(own_redis: services.Redis) -> AsyncIterator[tuple[Side, Side]]:
    one, two = await Side().start(), await Side().start()
    yield one, two
    await one.relay.stop()
    await two.relay.stop()


async def test_a_packet_does_not_wait_for_the_layers_next_look(sides: tuple[Side, Side]) -> None:
    one, two = sides
    took = []
    for n in range(200):
        began = perf_counter()
        one.relay.send("room.a", b"%d" % n)
        while not two.heard or two.heard[-1] != b"%d" % n:
            await asyncio.sleep(0)
        took.append(perf_counter() - began)
        if n % 20 == 0:
            await asyncio.sleep(0.12)  # also after the library's own pause between two looks
    assert statistics.median(took) < 0.05, f"{statistics.median(took) * 1000:.2f} ms"


async def test_a_lost_subscription_is_noticed_and_made_again(
    own_redis: services.Redis, sides: tuple[Side, Side]
) -> None:
    one, two = sides
    own_redis.run("CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: one.missed and two.missed)
    two.relay.send("room.a", b"after")
    await until(lambda: b"after" in one.heard and b"after" in two.heard)


async def test_after_a_restart_of_redis_everybody_hears_again(
    own_redis: services.Redis, sides: tuple[Side, Side]
) -> None:
    one, two = sides
    own_redis.kill()
    await asyncio.sleep(0.3)
    one.relay.listen("room.new", one.ear)
    with pytest.raises(Unavailable):
        await one.relay.ready("room.new")
    own_redis.start()
    await until(lambda: one.missed and two.missed, within_s=10)
    await two.hears(one, b"after")


async def test_who_listens_while_redis_is_away_hears_when_it_is_back(own_redis: services.Redis) -> None:
    own_redis.kill()
    relay, ear, missed = ChannelRelay(), Ear(), []
    relay.when_missed(lambda: missed.append(True))
    await relay.start()
    relay.listen("room.b", ear)
    relay.send("room.b", b"early")
    await asyncio.sleep(0.2)
    own_redis.start()
    await until(lambda: missed, within_s=10)
    relay.send("room.b", b"late")
    await until(lambda: ("room.b", b"late") in ear.heard)
    await relay.stop()


async def test_a_redis_that_hangs_holds_up_nobody_and_is_noticed(
    own_redis: services.Redis, sides: tuple[Side, Side]
) -> None:
    one, two = sides
    own_redis.pause()
    began = perf_counter()
    for n in range(1000):
        one.relay.send("room.a", b"%d" % n)
    assert perf_counter() - began < 2
    one.relay.listen("room.new", one.ear)
    with pytest.raises(Unavailable):
        await one.relay.ready("room.new")
    assert perf_counter() - began < 10
    own_redis.resume()
    await until(lambda: one.missed and two.missed, within_s=15)
    await two.hears(one, b"after")


async def test_a_layer_that_hears_nothing_is_made_anew(
    own_redis: services.Redis, sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the library's own task has died: nothing comes back although Redis is well."""
    one, two = sides
    monkeypatch.setattr(channels, "PING_S", 0.2)
    monkeypatch.setattr(channels, "PING_EVERY_S", 0.1)
    assert one.relay._layer is not None
    for shard in one.relay._layer._layer._get_layer()._shards:
        shard._receive_task.cancel()
    await until(lambda: one.missed, within_s=10)
    await one.hears(two, b"after")


async def test_more_than_can_wait_is_lost_and_everybody_is_told(
    own_redis: services.Redis, sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = sides
    monkeypatch.setattr(channels, "MOST_WAITING", 10)
    for n in range(50):
        one.relay.send("room.a", b"%d" % n)
    await until(lambda: one.missed and two.missed and b"49" in two.heard)
    assert two.heard == [b"%d" % n for n in range(40, 50)]  # the newest, in order


async def test_a_group_that_nobody_listens_to_is_given_up_after_a_while(
    own_redis: services.Redis, sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channels, "LINGER_S", 0.05)
    monkeypatch.setattr(channels, "PING_EVERY_S", 0.05)
    channel = envelope.channel_of("room.a")
    assert own_redis.run("PUBSUB", "NUMSUB", channel).endswith(":2")
    for side in sides:
        side.relay.mute("room.a", side.ear)
    await until(lambda: own_redis.run("PUBSUB", "NUMSUB", channel).endswith(":0"))


async def test_a_packet_put_together_inside_redis_is_heard_like_any_other(
    own_redis: services.Redis, sides: tuple[Side, Side]
) -> None:
    script = """redis.call('PUBLISH', ARGV[1], ARGV[2] .. '\\198' .. struct.pack('>I4', #ARGV[3]) .. ARGV[3])"""
    with redis.Redis(port=own_redis.port) as connection:
        connection.eval(script, 0, envelope.channel_of("room.a"), envelope.opening_of("room.a"), b"\x00by a script\xff")
    await until(lambda: sides[0].heard and sides[1].heard)
    assert sides[0].heard == sides[1].heard == [b"\x00by a script\xff"]


async def test_what_is_sent_after_another_ones_packet_has_gone_is_heard_after_it(sides: tuple[Side, Side]) -> None:
    one, two = sides
    for n in range(50):
        for side, name in ((one, b"one"), (two, b"two")):
            for piece in range(3):
                side.relay.send("room.a", b"%s %d %d" % (name, n, piece))
            await side.relay.sent()
    told = [b"%s %d %d" % (name, n, piece) for n in range(50) for name in (b"one", b"two") for piece in range(3)]
    await until(lambda: all(len(side.heard) >= len(told) for side in sides))
    assert [side.heard for side in sides] == [told, told]


async def test_with_redis_away_nothing_is_taken_for_sent(sides: tuple[Side, Side], own_redis: services.Redis) -> None:
    one, _ = sides
    await one.relay.sent()
    own_redis.kill()
    one.relay.send("room.a", b"late")
    sent = asyncio.create_task(one.relay.sent())
    await until(lambda: one.relay._has_doubt)
    assert not sent.done()
    await asyncio.to_thread(own_redis.start)
    await asyncio.wait_for(sent, 20)
