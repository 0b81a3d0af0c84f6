"""Sockets by the thousand in one process: joins rooms, checks every delta's place, notes when it came.

Built on picows so that the swarm itself stays cheap. Reads only the fields it needs of the protocol.
"""

import asyncio
import json
import time
from collections.abc import Iterable
from uuid import uuid4

import msgspec
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from bench.common import Person, Place, Stage
from bench.provider import TOKEN_LENGTH, Stream


class _Author(msgspec.Struct):
    kind: str = ""
    id: str = ""


class _Message(msgspec.Struct):
    turn_id: str | None = None
    author: _Author = msgspec.field(default_factory=_Author)


class _Event(msgspec.Struct):
    type: str
    turn_id: str = ""
    at: int = 0
    n: int = 0
    state: str = ""
    message: _Message | None = None


class _Frame(msgspec.Struct):
    type: str
    re: str | None = None
    first: int = 0
    last: int = 0
    offset: int = 0
    code: str = ""
    message: str = ""
    events: list[_Event] = []


_decode = msgspec.json.Decoder(_Frame).decode


class Turn:
    """What one socket heard of one turn. `heard` holds (characters so far, when) for each delta."""

    __slots__ = ("at", "finished_at", "first_at", "heard", "model", "reset_at", "state")

    def __init__(self, model: str) -> None:
        self.model = model
        self.at = 0
        self.first_at = 0.0
        self.finished_at = 0.0
        self.reset_at = 0.0
        self.state = ""
        self.heard: list[tuple[int, float]] = []

    def latencies(self, stream: Stream) -> list[float]:
        """For every token, how long after it was due it was here."""
        found: list[float] = []
        for characters, when in self.heard:
            while len(found) < characters // TOKEN_LENGTH:
                found.append(when - stream.due_at(len(found)))
        return found


class Socket(WSListener):
    """One tab. `frames` counts frames of events, `wrong` whatever was out of order or missing."""

    def __init__(self, is_recorded: bool) -> None:
        self.transport: WSTransport | None = None
        self.is_recorded = is_recorded
        self.frames = self.bytes = self.wrong = self.offset = 0
        self.turns: dict[str, Turn] = {}
        self.answers: dict[str, _Frame] = {}
        self.log: list[tuple[float, bytes]] | None = None
        self.is_closed = False

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self.is_closed = True

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type != WSMsgType.TEXT:
            return
        came = time.monotonic()
        payload = frame.get_payload_as_memoryview()
        said = _decode(payload)
        if said.type == "events":
            self.frames += 1
            self.bytes += len(payload)
            if self.log is not None:
                self.log.append((came, bytes(payload)))
            if said.first != self.offset + 1:
                self.wrong += 1
            self.offset = said.last
            for event in said.events:
                self._take(event, came)
        elif said.re is not None:
            if said.type == "joined":
                self.offset = said.offset
            self.answers[said.re] = said
        elif said.type in {"resync", "error"}:
            self.wrong += 1

    def _take(self, event: _Event, came: float) -> None:
        if event.type == "turn.delta":
            turn = self.turns.get(event.turn_id)
            if turn is None or event.at != turn.at:
                self.wrong += 1
                return
            turn.at = event.at + event.n
            if not turn.first_at:
                turn.first_at = came
            if self.is_recorded:
                turn.heard.append((turn.at, came))
        elif event.type == "message.created" and event.message is not None and event.message.turn_id:
            # Whoever runs it says its place again, for those who never heard of it.
            self.turns.setdefault(event.message.turn_id, Turn(event.message.author.id.rpartition(":")[2]))
        elif event.type == "turn.reset":
            before = self.turns.get(event.turn_id)
            turn = self.turns[event.turn_id] = Turn(before.model if before else "")
            turn.reset_at = came
        elif event.type == "turn.finished":
            turn = self.turns.setdefault(event.turn_id, Turn(""))
            turn.finished_at, turn.state = came, event.state

    def say(self, command: dict[str, object]) -> None:
        assert self.transport is not None
        self.transport.send(WSMsgType.TEXT, json.dumps(command).encode())

    async def ask(self, command: dict[str, object], within_s: float = 10.0) -> _Frame:
        """Send a command and wait for its answer; an error fails the measurement."""
        name = uuid4().hex
        self.say({"id": name, **command})
        deadline = time.monotonic() + within_s
        while name not in self.answers:
            if self.is_closed or time.monotonic() > deadline:
                raise TimeoutError(f"No answer to {command['type']}.")
            await asyncio.sleep(0.001)
        answer = self.answers.pop(name)
        if answer.type == "error":
            raise RuntimeError(f"{command['type']}: {answer.code}: {answer.message}")
        return answer

    async def send(self, place: Place, models: Iterable[str], mode: str = "ask") -> float:
        """Ask models; the moment the command left."""
        left = time.monotonic()
        names = [f"openai:{model}" for model in models]
        command = {
            "type": "send",
            "client_id": str(uuid4()),
            "thread_id": place.thread_id,
            "body": "Say something long.",
        }
        await self.ask({**command, "models": names, "mode": mode})
        return left

    def close(self) -> None:
        if self.transport is not None and not self.is_closed:
            self.transport.disconnect(graceful=False)


async def connect(stage: Stage, person: Person, *, is_recorded: bool = True) -> Socket:
    headers = {"Cookie": person.headers["Cookie"], "Origin": stage.server.url}
    socket = Socket(is_recorded)
    await ws_connect(lambda: socket, stage.server.ws_url, extra_headers=headers, websocket_handshake_timeout=30)
    return socket


async def join(stage: Stage, person: Person, place: Place | None, *, is_recorded: bool = True) -> Socket:
    """Connect, and join a room if one is named."""
    socket = await connect(stage, person, is_recorded=is_recorded)
    if place is not None:
        await socket.ask({"type": "join", "thread_id": place.thread_id}, within_s=30)
    return socket


async def join_many(stage: Stage, count: int, place: Place | None, at_once: int = 32) -> list[Socket]:
    """`count` sockets of the stage's people in turn; every eighth keeps the times of its deltas."""
    gate = asyncio.Semaphore(at_once)

    async def one(number: int) -> Socket:
        async with gate:
            person = stage.people[number % len(stage.people)]
            return await join(stage, person, place, is_recorded=number % 8 == 0)

    return list(await asyncio.gather(*(one(number) for number in range(count))))
