"""A client written from docs/protocol.md alone: the oracle of the socket, kill and load tests.

It shares no code with the product, on purpose: frames are plain dictionaries, and every rule of the
protocol that a client can check is checked here. What it finds wrong is kept in `violations`.
"""

import asyncio
import contextlib
import hashlib
import json
import uuid
from typing import Any

import httpx
import websockets

Json = dict[str, Any]
PASSWORD = "a calm harbour at dawn"  # an account that lives as long as the test
OPEN_STATES = {"queued", "waiting", "streaming"}


class RoomModel:
    """One room as a client shows it: pure, frames in, state out.

    `apply_frame` answers "ok", "resync" (join again without a cursor) or "drop".
    """

    def __init__(self, thread_id: str) -> None:
        self.thread_id = thread_id
        self.epoch = ""
        self.offset = 0
        self.messages: dict[tuple[str, int, int], Json] = {}
        self.said: dict[str, str] = {}  # turn → the words so far
        self.next_at: dict[str, int] = {}
        self.attempt: dict[str, int] = {}
        self.place_of: dict[str, tuple[str, int, int]] = {}
        self.retries: dict[str, Json] = {}  # turn → when it is tried again and why not now, as told last
        self.runs: dict[str, Json] = {}
        self.choices: dict[tuple[str, int, int], int] = {}
        self.thread: Json = {}
        self.branches: dict[str, Json] = {}
        self.violations: list[str] = []

    # -- snapshots ---------------------------------------------------------------------------

    def load(self, joined: Json) -> None:
        """Take a `joined` frame: a snapshot replaces everything; `recovered` keeps it."""
        self.epoch, offset = joined["epoch"], joined["offset"]
        snapshot = joined.get("snapshot")
        if snapshot is None:
            return
        self.offset = offset
        for table in (self.messages, self.said, self.next_at, self.attempt, self.place_of, self.runs, self.choices):
            table.clear()
        self.thread, self.branches = snapshot["thread"], {snapshot["branch"]["id"]: snapshot["branch"]}
        for message in snapshot["messages"]:
            self._put(message)
        for live in snapshot["live"]:
            message = live["message"]
            self._put(message)
            turn = message["turn_id"]
            self.said[turn], self.next_at[turn], self.attempt[turn] = message["body"], live["at"], live["attempt"]
        for run in snapshot["runs"]:
            self.runs[run["id"]] = run
        for choice in snapshot["choices"]:
            self.choices[(choice["branch_id"], choice["seq"], choice["lane"])] = choice["variant"]

    def load_page(self, messages: list[Json]) -> None:
        """Take a page of history; what the stream already said of a message stands."""
        for message in messages:
            if self._place(message) not in self.messages:
                self._put(message)

    def _place(self, message: Json) -> tuple[str, int, int]:
        return message["branch_id"], message["seq"], message["variant"]

    def _put(self, message: Json) -> None:
        place = self._place(message)
        held = self.messages.get(place)
        if held is not None and held["id"] != message["id"]:
            self.violations.append(f"two messages in one place {place}")
        self.messages[place] = dict(message)
        if turn := message.get("turn_id"):
            self.place_of[turn] = place

    # -- frames ------------------------------------------------------------------------------

    def apply_frame(self, frame: Json) -> str:
        """One `events` frame, by the cursor rules."""
        if frame["epoch"] != self.epoch:
            return "resync"
        if frame["last"] <= self.offset:
            return "drop"
        if frame["first"] != self.offset + 1:
            return "resync"
        for event in frame["events"]:
            if self.apply(event) == "resync":
                return "resync"
        self.offset = frame["last"]
        return "ok"

    def apply(self, event: Json) -> str:
        kind = event["type"]
        if kind == "message.created":
            held = self.messages.get(self._place(event["message"]))
            self._raise_heads(event["message"])
            # A crash between stream and outbox repeats a message; the place and the id are the same.
            if held is None or held["state"] == "queued":
                self._put(event["message"])
        elif kind in ("message.edited", "message.deleted"):
            held = self.messages.get(self._place(event["message"]))
            if held is None or held.get("revision", 1) <= event["message"].get("revision", 1):
                self._put(event["message"])
        elif kind in ("turn.delta", "turn.started", "turn.reset", "turn.waiting", "turn.finished"):
            return self._apply_turn(kind, event)
        elif kind == "run.changed":
            self.runs[event["run"]["id"]] = event["run"]
        elif kind == "choice.changed":
            choice = event["choice"]
            self.choices[(choice["branch_id"], choice["seq"], choice["lane"])] = choice["variant"]
        elif kind in ("branch.created", "branch.changed"):
            self.branches[event["branch"]["id"]] = _grown(self.branches.get(event["branch"]["id"]), event["branch"])
        elif kind == "thread.changed":
            self.thread = _grown(self.thread, event["thread"])
        return "ok"

    def _raise_heads(self, message: Json) -> None:
        """A branch is as long as the last place that was announced in it; a thread as its main branch."""
        branch = self.branches.get(message["branch_id"])
        is_main = message["branch_id"] == self.thread.get("main_branch_id")
        for longer in (branch, self.thread if is_main else None):
            if longer is not None:
                longer["head_seq"] = max(longer["head_seq"], message["seq"])

    def _apply_turn(self, kind: str, event: Json) -> str:
        turn, attempt = event["turn_id"], event["attempt"]
        if attempt < self.attempt.get(turn, 0):
            return "ok"
        place = self.place_of.get(turn)
        message = self.messages.get(place) if place else None
        if kind == "turn.delta":
            return self._apply_delta(turn, attempt, event, message)
        if kind == "turn.reset":
            self.said[turn], self.next_at[turn], self.attempt[turn] = "", 0, attempt
            if message:
                message.update(body="", state="streaming")
        elif kind in ("turn.started", "turn.waiting"):
            if event.get("why") == "retry":
                self.retries[turn] = event
            if attempt > self.attempt.get(turn, 0):
                self.attempt[turn] = attempt
                self.said.setdefault(turn, "")
                self.next_at.setdefault(turn, 0)
            if message and message["state"] in OPEN_STATES:
                message["state"] = {"queue": "queued", "retry": "waiting"}.get(event.get("why", ""), "streaming")
        elif kind == "turn.finished" and message and message["state"] in OPEN_STATES:
            if self.next_at.get(turn, 0) != event["length"]:
                return "resync"
            message.update(state=event["state"], meta=event["meta"], body=self.said.get(turn, ""))
            self._check_hash(turn, message)
        return "ok"

    def _apply_delta(self, turn: str, attempt: int, event: Json, message: Json | None) -> str:
        if attempt > self.attempt.get(turn, 0):
            self.attempt[turn], self.said[turn], self.next_at[turn] = attempt, "", 0
        at = self.next_at.setdefault(turn, 0)
        if event["at"] < at or (message and message["state"] not in OPEN_STATES):
            return "ok"
        if event["at"] > at:
            return "resync"
        if len(event["text"]) != event["n"]:
            self.violations.append(f"turn {turn}: n is {event['n']} for {len(event['text'])} code points")
        self.said[turn] = self.said.get(turn, "") + event["text"]
        self.next_at[turn] = at + event["n"]
        if message:
            message.update(body=self.said[turn], state="streaming")
        return "ok"

    def _check_hash(self, turn: str, message: Json) -> None:
        expected = message["meta"].get("text_sha256")
        if expected and hashlib.sha256(message["body"].encode()).hexdigest() != expected:
            self.violations.append(f"turn {turn}: the words shown are not the words stored")

    # -- what a test asks --------------------------------------------------------------------

    def view(self) -> list[tuple[int, int, str, str]]:
        """(seq, variant, state, body) of every message, in order: equal for everybody after quiet."""
        return sorted((seq, v, m["state"], m["body"]) for (_, seq, v), m in self.messages.items())


def _grown(held: Json | None, told: Json) -> Json:
    """What is told stands, but for what only grows."""
    held = held or told
    return told | {name: max(held[name], told[name]) for name in ("head_seq", "active_at") if name in told}


class Client:
    """A person at a terminal: signs up over HTTP, listens and speaks over one socket."""

    def __init__(self, url: str, name: str = "Alice") -> None:
        self.url, self.name = url.rstrip("/"), name
        self.email = f"{name.lower()}-{uuid.uuid4().hex[:8]}@example.org"
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30, headers={"Origin": self.url})
        self.socket: websockets.ClientConnection | None = None
        self.rooms: dict[str, RoomModel] = {}
        self.answers: dict[str, asyncio.Future[Json]] = {}
        self.frames: list[Json] = []  # everything but events, newest last
        self.event_count = 0
        self.resyncs = 0
        self.hello: Json = {}
        self._changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None

    # -- HTTP --------------------------------------------------------------------------------

    async def request(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """One call; `path` from the root of the server or of the API ("/projects")."""
        if not path.startswith(("/api", "/_allauth")):
            path = "/api/v1" + path
        if token := self.http.cookies.get("parley-csrf"):
            headers["X-CSRFToken"] = token
        return await self.http.request(method, path, json=body, headers=headers)

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        response = await self.request(method, path, body, **headers)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text[:500]}"
        return response.json() if response.content else None

    async def sign_up(self, **fields: str) -> "Client":
        await self.http.get("/")
        account = {"email": self.email, "password": PASSWORD, "name": self.name, **fields}
        await self.call("POST", "/_allauth/browser/v1/auth/signup", account)
        return self

    async def sign_in(self) -> "Client":
        await self.http.get("/")
        await self.call("POST", "/_allauth/browser/v1/auth/login", {"email": self.email, "password": PASSWORD})
        return self

    # -- the socket --------------------------------------------------------------------------

    async def connect(self) -> "Client":
        cookies = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies.jar)
        self.socket = await websockets.connect(
            self.url.replace("http", "ws", 1) + "/ws",
            additional_headers={"Cookie": cookies},
            origin=websockets.Origin(self.url),
            max_size=None,
            compression=None,
        )
        self.hello = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
        assert self.hello["type"] == "hello", self.hello
        self._reader = asyncio.create_task(self._read(self.socket))
        return self

    async def disconnect(self) -> None:
        if self.socket is not None:
            await self.socket.close()
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._reader
        self.socket = None

    async def close(self) -> None:
        await self.disconnect()
        await self.http.aclose()

    async def _read(self, socket: websockets.ClientConnection) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for data in socket:
                await self._hear(json.loads(data))
                self._changed.set()
        for future in self.answers.values():
            if not future.done():
                future.set_exception(ConnectionError("the line was cut before the answer"))
                future.exception()  # nobody may be waiting for it any more
        self._changed.set()

    async def _hear(self, frame: Json) -> None:
        kind = frame["type"]
        if kind == "events":
            self.event_count += len(frame["events"])
            room = self.rooms.get(frame["thread_id"])
            if room is not None and room.apply_frame(frame) == "resync":
                await self._resync(frame["thread_id"])
            return
        self.frames.append(frame)
        if kind == "joined":
            self.rooms.setdefault(frame["thread_id"], RoomModel(frame["thread_id"])).load(frame)
        elif kind == "resync":
            await self._resync(frame["thread_id"])
        elif kind == "revoked":
            self.rooms.pop(frame["thread_id"], None)
        elif kind == "heartbeat":
            for thread_id, offset in frame["offsets"].items():
                if thread_id in self.rooms and self.rooms[thread_id].offset < offset:
                    await self._resync(thread_id)
        if (re := frame.get("re")) in self.answers and not self.answers[re].done():
            self.answers[re].set_result(frame)

    async def _resync(self, thread_id: str) -> None:
        self.resyncs += 1
        if self.socket is not None:
            await self.socket.send(json.dumps({"type": "join", "id": uuid.uuid4().hex, "thread_id": thread_id}))

    async def say(self, kind: str, **fields: Any) -> Json:
        """Send a command that is answered, and its answer: joined, ack or error."""
        assert self.socket is not None
        re = uuid.uuid4().hex
        self.answers[re] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"type": kind, "id": re, **fields}))
        try:
            return await asyncio.wait_for(self.answers[re], 20)
        finally:
            del self.answers[re]

    async def join(self, thread_id: str, *, resume: bool = True) -> RoomModel:
        """Join, with the cursor when this client has one."""
        room = self.rooms.get(thread_id)
        cursor = {"cursor": {"epoch": room.epoch, "offset": room.offset}} if room and resume else {}
        answer = await self.say("join", thread_id=thread_id, **cursor)
        assert answer["type"] == "joined", answer
        return self.rooms[thread_id]

    async def send(self, thread_id: str, body: str, **fields: Any) -> Json:
        fields.setdefault("client_id", str(uuid.uuid4()))
        return await self.say("send", thread_id=thread_id, body=body, **fields)

    # -- waiting -----------------------------------------------------------------------------

    async def until(self, is_so: Any, within_s: float = 20.0) -> None:
        """Wait until `is_so()` holds, looking again at every frame."""
        async with asyncio.timeout(within_s):
            while not is_so():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.5)

    async def until_quiet(self, thread_id: str, within_s: float = 30.0) -> RoomModel:
        """Wait until no turn of the room is open and no run goes on."""
        room = self.rooms[thread_id]

        def is_quiet() -> bool:
            room = self.rooms[thread_id]
            busy = any(m["state"] in OPEN_STATES for m in room.messages.values())
            return not busy and all(r["state"] not in ("running", "stopping") for r in room.runs.values())

        await self.until(is_quiet, within_s)
        return self.rooms.get(thread_id, room)
