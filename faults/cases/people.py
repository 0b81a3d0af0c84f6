"""People: who leave and return, do not read, say the same thing often, and sit at bad lines."""

import asyncio
import json
import random
import time
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import websockets

from faults.observer import check
from faults.person import Sent
from faults.table import case
from faults.world import LONG, QUICK, STEADY, World, ask, at_some_moment
from tests.client import Client, Json

READERS = 20


@case(31, times=4)
async def leaves_and_returns(world: World, rng: random.Random) -> None:
    """The answer goes on with nobody there; after a moment, or after its end, everything is there once."""
    thread_id, people = await world.room("Ann", "Ben")
    await ask(people[0], thread_id, LONG if rng.random() < 0.5 else STEADY)
    await world.until_words(people[0], thread_id, 10)
    world.breaks()
    for person in people:
        person.stay_away(rng.choice([0.2, 1.0, 7.0]))
        await person.drop()
    checked = await check(world, thread_id, people)
    assert checked.states() == ["complete"]


@case(32, times=2, within_s=90)
async def comes_back_twenty_times(world: World, rng: random.Random) -> None:
    thread_id, people = await world.room("Ann", "Ben")
    world.breaks()
    for n in range(20):
        if n % 5 == 0:
            await ask(people[1], thread_id, STEADY)
        await asyncio.wait_for(people[0].online.wait(), 20)
        await at_some_moment(rng, 0, 0.8)
        await people[0].drop()
        await asyncio.sleep(0.05)
    checked = await check(world, thread_id, people)
    assert set(checked.states()) == {"complete"}


@case(33, times=1, within_s=120)
async def frozen_readers(world: World, rng: random.Random) -> None:
    """Twenty who stop reading cost a bounded amount of memory and nobody else's time (I8)."""
    thread_id, people = await world.room("Ann", "Ben")
    web = world.webs[0]
    assert web.pid is not None
    sockets = [await _frozen(people[0].client, web.url, thread_id) for _ in range(READERS - 2)]
    before = _rss_kib(web.pid)
    world.breaks()
    try:
        for _ in range(4):
            await ask(people[1], thread_id, LONG, STEADY, QUICK)
            await asyncio.sleep(3)
        grown = _rss_kib(web.pid) - before
        checked = await check(world, thread_id, people)
    finally:
        for socket in sockets:
            socket.transport.abort()
    assert set(checked.states()) == {"complete"}
    assert grown < READERS * 1024 + 20 * 1024, f"I8: {grown} KiB more for {READERS} frozen readers"


async def _frozen(client: Client, url: str, thread_id: str) -> websockets.ClientConnection:
    """Joins and never reads again."""
    socket = await websockets.connect(
        url.replace("http", "ws", 1) + "/ws",
        additional_headers={"Cookie": "; ".join(f"{c.name}={c.value}" for c in client.http.cookies.jar)},
        origin=websockets.Origin(url),
        max_queue=1,
        compression=None,
        ping_interval=None,
    )
    await socket.send(json.dumps({"type": "join", "id": uuid.uuid4().hex, "thread_id": thread_id}))
    socket.transport.pause_reading()
    return socket


def _rss_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


@case(34, times=3, is_short=True)
async def one_message_fifty_times(world: World, rng: random.Random) -> None:
    """Two tabs at two web processes send the same intent together, again and again: one message, one run, one place."""
    thread_id, people = await world.room("Ann")
    ann = people[0]
    tabs = []
    for url in world.urls * 2:
        tab = Client(url, "Ann")
        tab.http.cookies = ann.client.http.cookies
        tabs.append(await tab.connect())
        await tab.join(thread_id)
    command: Json = {"client_id": str(uuid.uuid4()), "body": "Once", "models": [f"openai:{QUICK}"]}
    asked = len(world.provider.answers)
    try:
        answers = await asyncio.gather(*(rng.choice(tabs).send(thread_id, **command) for _ in range(50)))
    finally:
        for tab in tabs:
            await tab.close()
    acks = [answer for answer in answers if answer["type"] == "ack"]
    assert len(acks) >= 40, f"{[a for a in answers if a['type'] != 'ack'][:3]}"
    assert len({(ack["seq"], ack["message_id"], ack["run_id"]) for ack in acks}) == 1, "I2: two messages of one intent"
    assert sum(not ack.get("is_duplicate") for ack in acks) <= 1
    ann.sent.append(Sent(thread_id, command, acks))
    await check(world, thread_id, people)
    assert len(world.provider.answers) == asked + 1, "I2: asked twice"


@case(35, times=2, within_s=90)
async def two_at_the_same_time(world: World, rng: random.Random) -> None:
    """Forty lines each, from two web processes at once: one order, the same for both and for whoever comes later."""
    thread_id, people = await world.room("Ann", "Ben")

    async def talk(n: int) -> None:
        await people[n].send(thread_id, f"{people[n].name} says {uuid.uuid4().hex}", mode="talk")
        await asyncio.sleep(rng.uniform(0, 0.05))

    async def keep_talking(n: int) -> None:
        for _ in range(40):
            await talk(n)

    await asyncio.gather(keep_talking(0), keep_talking(1))
    checked = await check(world, thread_id, people)
    assert [m["seq"] for m in checked.messages] == list(range(1, 81))


@case(41, times=2, within_s=90)
async def slow_line(world: World, rng: random.Random) -> None:
    """150 ms each way and 8 KB a second: fewer, larger frames, and everything readable; others do not notice."""
    proxy = world.proxy(_address(world.urls[0]))
    thread_id, people = await world.room("Ann")
    far = await world.person("Far", urls=[f"http://127.0.0.1:{proxy.port}"])
    await far.open(thread_id)
    proxy.delay_s, proxy.bytes_per_s = 0.15, 8000
    world.breaks()
    await ask(people[0], thread_id, LONG, STEADY, QUICK)
    checked = await check(world, thread_id, [*people, far])
    assert set(checked.states()) == {"complete"}
    assert far.client.resyncs <= 3, f"F41: {far.client.resyncs} resyncs"


@case(42, times=1, within_s=150)
async def dead_line(world: World, rng: random.Random) -> None:
    """Nothing passes and nobody says so: both sides notice, and the server lets go of the socket."""
    proxy = world.proxy(_address(world.urls[0]))
    thread_id, people = await world.room("Ann")
    far = await world.person("Far", urls=[f"http://127.0.0.1:{proxy.port}", world.urls[1]])
    await far.open(thread_id)
    web = world.webs[0]
    before = _sockets(web.pid, proxy.ports_out())
    assert before, "F42: nothing of the line is seen at the server"
    await ask(people[0], thread_id, LONG)
    world.breaks()
    proxy.is_black_hole = True
    began = time.monotonic()
    while _sockets(web.pid, before) and time.monotonic() - began < 60:
        await asyncio.sleep(0.5)
    seconds = time.monotonic() - began
    assert not _sockets(web.pid, before), "F42: the server holds a dead line after a minute"
    assert seconds <= 50, f"F42: let go after {seconds:.0f} s"
    checked = await check(world, thread_id, [*people, far])
    assert checked.states() == ["complete"]


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname and parts.port
    return parts.hostname, parts.port


def _sockets(pid: int | None, remote_ports: set[int]) -> set[int]:
    """Which of these ports the process still holds an established connection to."""
    found = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        port = int(fields[2].rpartition(":")[2], 16)
        is_established = fields[3] == "01"
        if is_established and port in remote_ports:
            found.add(port)
    return found
