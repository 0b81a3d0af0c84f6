"""A real server, a real client and a provider that outlives the server; and what must hold whenever it was killed.

The invariants (I1 to I7 and I10) are checked from outside: over the socket, over HTTP and in the database file.
"""

import asyncio
import contextlib
import hashlib
import sqlite3
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import websockets

from bench.provider import PacedProvider
from tests.client import OPEN_STATES, Client, Json
from tests.server import NO_SERVERS, Server

MODELS = ("f30r50n50", "f80r40n60", "f10r60n40")
LOOK_EVERY_S = 0.02
LEFT_BEHIND = {
    "open turns": "SELECT count(*) FROM messaging_turn WHERE thread_id=? AND state IN ('pending','streaming')",
    "runs going on": "SELECT count(*) FROM messaging_run WHERE thread_id=? AND state IN ('running','stopping')",
    "not delivered": "SELECT count(*) FROM messaging_outbox WHERE thread_id=? AND published_at IS NULL",
    "turns without a message": (
        "SELECT count(*) FROM messaging_turn t WHERE t.thread_id=? AND NOT EXISTS"
        " (SELECT 1 FROM messaging_storedmessage m WHERE m.turn_id=t.id)"
    ),
}


class Numbered(PacedProvider):
    """Never the same answer twice: each begins with its number, so that one cannot pass for another."""

    def __init__(self, models: Sequence[str]) -> None:
        super().__init__(models)
        self._begun: set[asyncio.StreamWriter] = set()
        self.refuses = 0  # so many of the next requests
        self.refuses_for_s = 0
        self.asked: list[str] = []  # models, as they were asked
        self.silent: dict[str, asyncio.Event] = {}  # models that say nothing until their event

    async def _answer(self, model: str, writer: asyncio.StreamWriter) -> None:
        self.asked.append(model)
        if model in self.silent:
            await self.silent[model].wait()
        if not self.refuses:
            await super()._answer(model, writer)
            return
        self.refuses -= 1
        body = b'{"error": {"message": "Too many at once."}}'
        writer.write(
            b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: %d\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (self.refuses_for_s, len(body), body)
        )

    def _event(self, writer: asyncio.StreamWriter, event: dict[str, Any]) -> None:
        for choice in event["choices"]:
            if "content" not in choice["delta"]:
                self._begun.discard(writer)
            elif writer not in self._begun:
                self._begun.add(writer)
                choice["delta"]["content"] = f"#{len(self.streams)} {choice['delta']['content']}"
        super()._event(writer, event)


class Said:
    """What one room showed at some moment: turn → words of its highest attempt."""

    def __init__(self, at: float, words: dict[str, str]) -> None:
        self.at, self.words = at, words


class World:
    # What a crash may take: words of the last second before it, and for a moment that there were any; both longer by what
    # the machine itself stood still, since the server stood still with it.
    unsaved_s = 1.3
    unsaved_first_s = 0.4

    def __init__(self, folder: Path, models: Sequence[str] = MODELS) -> None:
        self.folder = folder
        self.provider = Numbered(models)
        self.server: Server | None = None
        self.alice: Client | None = None
        self.project = ""
        self.sent: dict[str, Json] = {}  # client_id → the command, and its ack once there was one
        self.shown: list[Said] = []
        self.stood_still_s = 0.0
        self.killed_at = 0.0  # the first time since the thread was opened: nothing was read after it

    @property
    def models(self) -> list[str]:
        return [f"openai:{name}" for name in MODELS]

    def environment(self) -> dict[str, str]:
        return {
            **NO_SERVERS,  # whatever the tests run on themselves
            "OPENAI_BASE_URL": self.provider.url,
            "OPENAI_API_KEY": "test",
            "PARLEY_SCRIPTED_MODELS": "0",
            "PARLEY_SEND_RATE": "100000/minute",
        }

    async def begin(self) -> None:
        await self.provider.start()
        self.server = Server(self.folder, **self.environment())
        await self.start()
        self.alice = await Client(self.server.url).sign_up()
        self.project = (await self.alice.call("POST", "/projects", {"name": "Ferryline"}))["id"]

    async def end(self) -> None:
        if self.alice is not None:
            await self.alice.close()
        if self.server is not None and self.server.process is not None:
            await asyncio.to_thread(self.server.stop)
        await self.provider.stop()

    async def start(self, failpoint: str = "") -> None:
        assert self.server is not None
        self.server.environment["FAILPOINT"] = failpoint
        await asyncio.to_thread(self.server.start)

    async def restart(self, failpoint: str = "") -> None:
        assert self.server is not None
        assert self.alice is not None
        await asyncio.to_thread(self.server.stop)
        await self.start(failpoint)

    async def new_thread(self) -> str:
        assert self.alice is not None
        body = {"title": f"Killed {uuid.uuid4().hex[:6]}", "line_up": self.models[:2]}
        thread_id: str = (await self.alice.call("POST", f"/projects/{self.project}/threads", body))["thread"]["id"]
        await self.alice.disconnect()
        await self.alice.connect()
        await self.alice.join(thread_id)
        self.sent.clear()
        self.shown.clear()
        self.killed_at = self.stood_still_s = 0.0
        return thread_id

    async def say(self, thread_id: str, body: str, **fields: Any) -> None:
        """Send; whether it is acknowledged depends on when the server dies."""
        assert self.alice is not None
        command = {"client_id": str(uuid.uuid4()), "body": body, **fields}
        self.sent[command["client_id"]] = {"command": command, "ack": None}
        with contextlib.suppress(ConnectionError, TimeoutError, OSError, websockets.ConnectionClosed):
            answer = await self.alice.send(thread_id, **command)
            if answer["type"] == "ack":
                self.sent[command["client_id"]]["ack"] = answer

    async def watch(self, thread_id: str) -> None:
        """Keep what the room shows, until cancelled, and how long the machine let us wait for a turn at it."""
        assert self.alice is not None
        while True:
            looked_at = time.monotonic()
            self.shown.append(Said(looked_at, dict(self.alice.rooms[thread_id].said)))
            await asyncio.sleep(LOOK_EVERY_S)
            self.stood_still_s = max(self.stood_still_s, time.monotonic() - looked_at - LOOK_EVERY_S)

    async def die(self, after_s: float | None, within_s: float = 15.0) -> None:
        """Kill the server after some seconds, or wait until its failpoint does."""
        assert self.server is not None
        assert self.server.process is not None
        if after_s is not None:
            await asyncio.sleep(after_s)
            self.server.kill()
        deadline = time.monotonic() + within_s
        while self.server.process.poll() is None:
            assert time.monotonic() < deadline, "the failpoint was not reached"
            await asyncio.sleep(0.01)
        self.killed_at = self.killed_at or time.monotonic()

    async def come_back(self, thread_id: str) -> None:
        """The client notices, returns, and says again what was not acknowledged (and what was, too)."""
        assert self.alice is not None
        await self.alice.disconnect()
        await self.alice.connect()
        await self.alice.join(thread_id)
        for kept in self.sent.values():
            answer = await self.alice.send(thread_id, **kept["command"])
            assert answer["type"] == "ack", answer
            if kept["ack"] is not None:
                assert answer["is_duplicate"], "I1: an acknowledged message was forgotten"
                assert (answer["seq"], answer["message_id"]) == (kept["ack"]["seq"], kept["ack"]["message_id"])
            kept["ack"] = answer
        await self.alice.until_quiet(thread_id, 40)

    # -- what must hold ----------------------------------------------------------------------------

    async def check(self, thread_id: str) -> list[Json]:
        """All invariants; answers the messages of the thread."""
        assert self.alice is not None
        assert self.server is not None
        page = await self.alice.call("GET", f"/threads/{thread_id}/messages?limit=200")
        messages: list[Json] = page["messages"]
        room = self.alice.rooms[thread_id]
        assert room.violations == [], room.violations
        fresh = sorted((m["seq"], m["variant"], m["state"], m["body"]) for m in messages)
        assert room.view() == fresh, "I3, I4: who stayed and who loads anew see different rooms"
        self._check_messages(messages)
        self._check_shown(messages)
        await self._check_rows(thread_id)
        return messages

    def _check_messages(self, messages: list[Json]) -> None:
        places = [(m["branch_id"], m["seq"], m["variant"]) for m in messages]
        assert len(set(places)) == len(places)
        turns = [m["turn_id"] for m in messages if m.get("turn_id")]
        assert len(set(turns)) == len(turns), "I7: two messages of one turn"
        for client_id, kept in self.sent.items():
            found = [m for m in messages if m.get("client_id") == client_id]
            assert len(found) == 1, f"I2: {len(found)} messages of one intent"
            assert (found[0]["seq"], found[0]["id"]) == (kept["ack"]["seq"], kept["ack"]["message_id"]), "I1"
            assert found[0]["body"] == kept["command"]["body"]
        for message in messages:
            assert message["state"] not in OPEN_STATES, "I10: a turn goes on for ever"
            if expected := message.get("meta", {}).get("text_sha256"):
                assert hashlib.sha256(message["body"].encode()).hexdigest() == expected, "I4"

    def _check_shown(self, messages: list[Json]) -> None:
        """I6: words that were read are in the answer or kept as an earlier attempt."""
        kept = {m["turn_id"]: [m["body"], *_earlier(m)] for m in messages if m.get("turn_id")}
        for moment in self.shown:
            before_s = self.killed_at - moment.at - (self.stood_still_s if self.unsaved_s else 0.0)
            for turn_id, words in moment.words.items():
                texts = kept.get(turn_id, [])
                if before_s >= self.unsaved_s:
                    assert any(text.startswith(words) for text in texts), f"I6: lost after being read: {words!r}"
                elif words and before_s >= self.unsaved_first_s:
                    assert any(text and words.startswith(text[: len(words)]) for text in texts), "I6: nothing was kept"

    async def _check_rows(self, thread_id: str) -> None:
        """I10 and the outbox, in the database itself; it may take a moment until the last row is cleared."""
        deadline = time.monotonic() + 12
        while (left := await asyncio.to_thread(self._left, thread_id)) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        assert not left, left

    def _left(self, thread_id: str) -> dict[str, int]:
        assert self.server is not None
        thread = uuid.UUID(thread_id).hex
        with contextlib.closing(sqlite3.connect(f"file:{self.folder}/parley.sqlite3?mode=ro", uri=True)) as db:
            found = {name: db.execute(sql, [thread]).fetchone()[0] for name, sql in LEFT_BEHIND.items()}
        return {name: count for name, count in found.items() if count}


def _earlier(message: Json) -> list[str]:
    return [attempt["text"] for attempt in message.get("meta", {}).get("earlier_attempts", [])]
