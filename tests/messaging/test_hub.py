"""Fan-out: what a token costs, and what somebody who does not read costs. Real sockets throughout."""

import asyncio
import json
import socket as sockets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import asgiref.sync
import msgspec
import pytest
import websockets
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chatplatform.kernel import db
from chatplatform.kernel.backends import backend
from chatplatform.wire import HIGH_WATER, WireProtocol
from messaging import hearing, hub, outbox, packets, protocol, rooms
from messaging import sockets as live_sockets
from messaging.health import health
from projects.models import User
from tests.client import Client
from tests.messaging.conftest import Live, serving, session_of
from tests.messaging.voice import Voice
from threads.models import Thread


@pytest.fixture(params=[WireProtocol, WebSocketsSansIOProtocol], ids=["wire", "plain"])
async def live(request: pytest.FixtureRequest, transactional_db: None) -> AsyncIterator[Live]:
    """Both ways a server may write: our short cut, and ASGI's `send` alone."""
    async with serving(request.param, send_buffer=16 * 1024) as server:
        yield server


# What runs beside, by the clock or soon after something was said, whether or not anybody speaks.
BESIDE = {
    "messaging.outbox",
    "messaging.edits",
    "messaging.news",
    "messaging.revocation",
    "messaging.purge",
    "messaging.providers.rows",
    "chatplatform.kernel.same_key",
}


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count thread hops, tasks and encodings while it lasts."""
    count: Counter[str] = Counter()

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            count[name] += 1
            return real(*args, **kwargs)

        return call

    visit = db._visit

    def visiting(patience_s: float, call: Any) -> Any:
        module = call.args[0].__module__
        count["beside" if module in BESIDE else "hops"] += 1
        count[f"hop of {module}"] += 1
        return visit(patience_s, call)

    with monkeypatch.context() as patch:
        patch.setattr(asgiref.sync.SyncToAsync, "__call__", counting("hops", asgiref.sync.SyncToAsync.__call__))
        patch.setattr(ThreadPoolExecutor, "submit", counting("hops", ThreadPoolExecutor.submit))
        patch.setattr(db, "_visit", visiting)
        patch.setattr(protocol, "encode", counting("encodings", protocol.encode))
        patch.setattr(msgspec.json, "encode", counting("encodings", msgspec.json.encode))
        patch.setattr(packets, "_text_frame", counting("framings", packets._text_frame))
        loop = asyncio.get_running_loop()
        loop.set_task_factory(counting("tasks", lambda loop, coro, **kw: asyncio.Task(coro, loop=loop, **kw)))
        yield count
        loop.set_task_factory(None)


@pytest.mark.parametrize("tabs_each", [1, 16])
async def test_a_token_costs_no_hop_no_task_and_no_encoding_per_socket(
    live: Live, thread: Thread, alice: User, bob: User, carol: User, monkeypatch: pytest.MonkeyPatch, tabs_each: int
) -> None:
    everybody = await live.tabs(thread, *[alice, bob, carol] * tabs_each)
    voice = await Voice.begin(thread)
    await outbox.stored()
    await health().stop()  # it asks the store now and then, as anybody may who reads a message
    await backend("dispatcher").stop()  # a worker looks after the turns of others, once a second
    with counted(monkeypatch) as count:
        for n in range(100):
            await voice.say(f"token {n} ")
            await asyncio.sleep(0)
        await rooms.flush(thread.id)
    assert count["hops"] == 0, count
    assert count["beside"] < 10, count  # by the clock, so never once for each of the hundred tokens
    assert count["encodings"] <= 100
    assert count["framings"] <= 100
    assert count["tasks"] <= 100  # one for each flush of the room at most, whoever listens
    await voice.finish()
    for client in everybody:
        room = await client.until_quiet(str(thread.id))
        assert room.view()[-1][3] == voice.text
        assert not room.violations
        assert client.resyncs == 0


class Sleeper:
    """A socket with small buffers that reads only when told to."""

    def __init__(self, live: Live, session: str) -> None:
        self.live, self.session = live, session
        self.reader: asyncio.StreamReader
        self.frames: list[dict[str, Any]] = []

    async def connect(self, thread: Thread) -> "Sleeper":
        raw = sockets.socket(sockets.AF_INET, sockets.SOCK_STREAM)
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)  # before connect: else the kernel hides much
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", self.live.server.port))
        self.socket = await websockets.connect(
            self.live.url.replace("http", "ws") + "/ws",
            sock=raw,
            origin=websockets.Origin(self.live.url),
            additional_headers={"Cookie": f"parley={self.session}"},
            compression=None,
            max_size=None,
            max_queue=1,
            ping_interval=None,
        )
        await self.socket.send(json.dumps({"type": "join", "id": "1", "thread_id": str(thread.id)}))
        while not self.frames or self.frames[-1]["type"] != "joined":
            self.frames.append(json.loads(await self.socket.recv()))
        return self

    async def read(self, until: Callable[[dict[str, Any]], bool], within_s: float = 10) -> list[dict[str, Any]]:
        """Wake up and read until something comes."""
        read: list[dict[str, Any]] = []
        async with asyncio.timeout(within_s):
            while not read or not until(read[-1]):
                read.append(json.loads(await self.socket.recv()))
        return read

    async def close(self) -> None:
        self.socket.transport.abort()


@pytest.fixture
async def sleeper(live: Live, thread: Thread, bob: User) -> AsyncIterator[Sleeper]:
    sleeper = await Sleeper(live, await session_of(bob)).connect(thread)
    yield sleeper
    await sleeper.close()


async def fill(voice: Voice, chunks: int, size: int = 20_000) -> None:
    for n in range(chunks):
        await voice.say(f"{n:05d}" + "x" * (size - 5))
        await rooms.flush(voice.turn.thread_id)
        await asyncio.sleep(0)


def the_socket_of(user: User) -> live_sockets.Socket:
    (found,) = [socket for socket in hub.hub().sockets if socket.person.id == user.id]
    return found


async def awake(live: Live, thread: Thread, user: User) -> Client:
    (client,) = await live.tabs(thread, user)
    return client


async def test_a_slow_reader_gets_everything_in_one_merged_frame(
    live: Live, thread: Thread, alice: User, bob: User, sleeper: Sleeper
) -> None:
    watcher = await awake(live, thread, alice)
    voice = await Voice.begin(thread)
    await fill(voice, 40)
    assert not the_socket_of(bob).is_free, "the test did not fill the buffers"
    message = await voice.finish()
    await watcher.until_quiet(str(thread.id))
    assert watcher.rooms[str(thread.id)].view()[-1][3] == voice.text  # nobody waits for somebody else

    frames = await sleeper.read(lambda f: "turn.finished" in {e["type"] for e in f.get("events", [])})
    events = [event for frame in frames for event in frame.get("events", [])]
    offset = sleeper.frames[-1]["offset"]
    for frame in frames:
        assert frame["first"] == offset + 1
        offset = frame["last"]
    said = "".join(event["text"] for event in events if event["type"] == "turn.delta")
    assert said == message.body
    assert len([e for e in events if e["type"] == "turn.delta"]) < 40, "what was missed came merged"


async def test_a_reader_who_fell_off_the_stream_is_told_to_load_anew(
    live: Live, thread: Thread, alice: User, bob: User, sleeper: Sleeper
) -> None:
    watcher = await awake(live, thread, alice)
    voice = await Voice.begin(thread)
    await fill(voice, 120)
    frames = await sleeper.read(lambda f: f["type"] == "resync")
    assert frames[-1]["thread_id"] == str(thread.id)
    await sleeper.socket.send(json.dumps({"type": "join", "id": "2", "thread_id": str(thread.id)}))
    (joined,) = (await sleeper.read(lambda f: f["type"] == "joined"))[-1:]
    (going_on,) = joined["snapshot"]["live"]
    assert going_on["message"]["body"] == voice.text
    await voice.say(" and on")
    (more,) = (await sleeper.read(lambda f: f["type"] == "events"))[-1:]
    assert more["first"] == joined["offset"] + 1
    assert more["events"][-1]["at"] == going_on["at"]
    assert watcher.resyncs == 0


async def test_a_frozen_reader_costs_bounded_memory_and_nobody_notices(
    live: Live, thread: Thread, alice: User, bob: User, sleeper: Sleeper
) -> None:
    watcher = await awake(live, thread, alice)
    voice = await Voice.begin(thread)
    frozen = the_socket_of(bob)
    sizes = []
    for _ in range(3):
        await fill(voice, 60)
        transport = _transport_of(frozen)
        sizes.append(transport.get_write_buffer_size())
    assert max(sizes) < HIGH_WATER + 3 * 20_000, "what waits for a frozen reader grows with the stream"
    assert not frozen._queue
    await voice.finish()
    room = await watcher.until_quiet(str(thread.id))
    assert room.view()[-1][3] == voice.text


def _transport_of(socket: live_sockets.Socket) -> asyncio.Transport:
    send: Any = socket._send
    transport: asyncio.Transport = send.__self__.transport
    return transport


async def test_who_does_not_read_for_long_is_dropped(
    live: Live, thread: Thread, alice: User, bob: User, sleeper: Sleeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    await awake(live, thread, alice)
    voice = await Voice.begin(thread)
    await fill(voice, 40)
    frozen = the_socket_of(bob)
    monkeypatch.setattr(hub, "SLOW_AFTER_S", 0.05)
    await asyncio.sleep(0.1)
    await hub.hub().tick()
    async with asyncio.timeout(5):
        while frozen in hub.hub().sockets:
            await asyncio.sleep(0.005)
    assert str(bob.id) not in {str(s.person.id) for s in hub.hub().sockets}
    assert not frozen.seats


async def test_a_large_room_lets_the_loop_breathe(
    live: Live, thread: Thread, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "BREATH", 4)
    everybody = await live.tabs(thread, *[alice, bob] * 6)
    voice = await Voice.begin(thread)
    breaths = 0

    def breathe() -> None:
        nonlocal breaths
        breaths += 1

    asyncio.get_running_loop().call_soon(breathe)
    await voice.say("all at once")
    assert breaths, "the loop had no turn during the broadcast"
    await voice.finish()
    for client in everybody:
        room = await client.until_quiet(str(thread.id))
        assert room.view()[-1][3] == "all at once"
        assert client.resyncs == 0


async def test_a_socket_that_queues_too_much_of_its_own_is_dropped(
    live: Live, thread: Thread, bob: User, sleeper: Sleeper
) -> None:
    voice = await Voice.begin(thread)
    await fill(voice, 40)
    frozen = the_socket_of(bob)
    for _ in range(live_sockets.MAX_QUEUE + 1):
        frozen.push(packets.Packet(b"{}"))
    assert frozen.ended.is_set()


def test_merging_keeps_the_words_and_their_order_around_other_events() -> None:
    from chatplatform.kernel.ids import new_id
    from messaging.protocol.events import MemberChanged, TurnDelta, TypingNow, decode_event
    from projects.types import PersonView

    one, two = new_id(), new_id()
    events = [
        TurnDelta(one, 1, 0, 1, "a"), TurnDelta(two, 1, 0, 1, "x"), TurnDelta(one, 1, 1, 1, "b"),
        TypingNow(PersonView(new_id(), "Bob"), 5000), MemberChanged(new_id()), TurnDelta(one, 1, 2, 2, "cd"),
    ]  # fmt: skip
    merged = [decode_event(data) for data in packets.merge([protocol.encode(e) for e in events])]
    assert merged == [
        TurnDelta(one, 1, 0, 2, "ab"),
        TurnDelta(two, 1, 0, 1, "x"),
        events[4],
        TurnDelta(one, 1, 2, 2, "cd"),
    ]
