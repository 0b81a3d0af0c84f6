"""What every relay promises (`relays/base.py`), asked of each implementation."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import pytest
from django.utils.module_loading import import_string

from messaging.relays.base import Relay

RELAYS = [
    "messaging.relays.local.LocalRelay",
    pytest.param("messaging.relays.channels.ChannelRelay", marks=pytest.mark.needs("redis")),
]


@pytest.fixture(params=RELAYS)
async def relay(request: pytest.FixtureRequest) -> AsyncIterator[Relay]:
    if "channels" in request.param:
        request.getfixturevalue("shared")
    relay: Relay = import_string(request.param)()
    await relay.start()
    yield relay
    await relay.stop()


class Ear:
    """Remembers what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def __call__(self, group: str, data: bytes) -> None:
        self.heard.append((group, data))


async def until(is_so: Callable[[], object], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.sleep(0.002)


async def test_who_listens_hears_all_packets_in_order(relay: Relay) -> None:
    ear, group = Ear(), f"room.{uuid4()}"
    relay.listen(group, ear)
    await relay.ready(group)
    for n in range(50):
        relay.send(group, b"%d" % n)
    await until(lambda: len(ear.heard) >= 50)
    assert ear.heard == [(group, b"%d" % n) for n in range(50)]


async def test_any_bytes_are_carried_as_they_are(relay: Relay) -> None:
    ear, group = Ear(), f"room.{uuid4()}"
    relay.listen(group, ear)
    await relay.ready(group)
    packets = [b"", bytes(range(256)), b"x" * 300_000]
    for packet in packets:
        relay.send(group, packet)
    await until(lambda: len(ear.heard) >= len(packets))
    assert [data for _, data in ear.heard] == packets


async def test_several_may_listen_to_one_group_each_once(relay: Relay) -> None:
    one, two, group = Ear(), Ear(), f"user.{uuid4()}"
    for ear in (one, two, one):
        relay.listen(group, ear)
    await relay.ready(group)
    relay.send(group, b"a")
    await until(lambda: one.heard and two.heard)
    relay.mute(group, one)
    relay.send(group, b"b")
    await until(lambda: len(two.heard) == 2)
    assert one.heard == [(group, b"a")]


async def test_nobody_hears_another_group(relay: Relay) -> None:
    here, there = Ear(), Ear()
    groups = f"user.{uuid4()}", f"user.{uuid4()}"
    relay.listen(groups[0], here)
    relay.listen(groups[1], there)
    for group in groups:
        await relay.ready(group)
    relay.send(groups[0], b"a")
    relay.send(groups[1], b"b")
    await until(lambda: here.heard and there.heard)
    assert (here.heard, there.heard) == ([(groups[0], b"a")], [(groups[1], b"b")])


async def test_who_listens_again_hears_again(relay: Relay) -> None:
    ear, group = Ear(), f"user.{uuid4()}"
    relay.listen(group, ear)
    await relay.ready(group)
    relay.mute(group, ear)
    relay.send(group, b"unheard")
    relay.listen(group, ear)
    await relay.ready(group)
    relay.send(group, b"heard")
    await until(lambda: (group, b"heard") in ear.heard)


async def test_who_fails_keeps_nobody_else_from_hearing(relay: Relay) -> None:
    ear, group = Ear(), f"user.{uuid4()}"

    def fails(group: str, data: bytes) -> None:
        raise ValueError(data)

    relay.listen(group, fails)
    relay.listen(group, ear)
    await relay.ready(group)
    relay.send(group, b"a")
    relay.send(group, b"b")
    await until(lambda: len(ear.heard) == 2)


async def test_sending_to_nobody_is_no_failure(relay: Relay) -> None:
    relay.send(f"user.{uuid4()}", b"unheard")
