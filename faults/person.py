"""A person who stays in rooms whatever happens: comes back to any web process, says again what was not acknowledged.

What a browser does, with the protocol's own client (tests/client.py) underneath. Everything said, acknowledged and shown is
written down with its time, for the observer.
"""

import asyncio
import contextlib
import itertools
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets

from tests.client import Client, Json

_numbers = itertools.count(1)
LOST = (ConnectionError, TimeoutError, OSError, websockets.WebSocketException, httpx.HTTPError)
AGAIN = {"unavailable", "error", "too_many"}
DEAD_AFTER_S = 10.0  # without any frame, though we asked; a browser waits longer


@dataclass
class Sent:
    thread_id: str
    command: Json
    acks: list[Json] = field(default_factory=list)


@dataclass(frozen=True)
class Shown:
    at: float
    words: dict[str, str]  # turn → its words so far


class Person:
    """`urls` are the web processes; the first is gone to first, the next whenever that one fails."""

    def __init__(self, urls: list[str], name: str, home: int = 0) -> None:
        self.urls, self._at = urls, home % len(urls)
        self.name = name
        self.client = Client(urls[self._at], name)
        # Everybody comes from an address of their own, as a proxy would say: strangers are limited by it.
        number = next(_numbers)
        self.client.http.headers["X-Forwarded-For"] = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.threads: set[str] = set()
        self.sent: list[Sent] = []
        self.shown: dict[str, list[Shown]] = {}
        self.came_back = 0
        self.closed_with: list[int] = []
        self.refusals: list[Json] = []
        self.online = asyncio.Event()
        self._away_until = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    # -- coming and going ------------------------------------------------------------------------

    async def arrive(self) -> "Person":
        await self.client.sign_up()
        self._tasks = [asyncio.create_task(self._live()), asyncio.create_task(self._watch())]
        await asyncio.wait_for(self.online.wait(), 20)
        return self

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.client.close()

    async def drop(self) -> None:
        """Lose the line, without a word; `_live` comes back by itself."""
        if self.client.socket is not None:
            self.client.socket.transport.abort()

    def stay_away(self, seconds: float) -> None:
        """After the next loss of the line, come back only then."""
        self._away_until = time.monotonic() + seconds

    async def _live(self) -> None:
        tries = 0
        while True:
            try:
                await self._go_to(self.urls[self._at])
                async with asyncio.timeout(8):
                    await self.client.connect()
                    for thread_id in sorted(self.threads):
                        await self.client.join(thread_id)
                self.online.set()
                tries = 0
                await self._until_dead()
            except (*LOST, AssertionError):  # refused, or nobody is there
                tries += 1
            self.online.clear()
            with contextlib.suppress(*LOST):
                await self.client.disconnect()
            self._at = (self._at + 1) % len(self.urls)
            self.came_back += 1
            await asyncio.sleep(max(min(0.1 * 2**tries, 1.0), self._away_until - time.monotonic()))

    async def _until_dead(self) -> None:
        """Return when the line ends or nothing is heard of it for a while, although it was asked."""
        reader = self.client._reader
        assert reader is not None
        heard, count = time.monotonic(), -1
        while not reader.done():
            if (now := self.client.event_count + len(self.client.frames)) != count:
                heard, count = time.monotonic(), now
            elif time.monotonic() - heard > DEAD_AFTER_S / 2:
                await asyncio.wait_for(self._ask(), DEAD_AFTER_S / 2)
            await asyncio.wait({reader}, timeout=0.5)
        if self.client.socket is not None and self.client.socket.close_code is not None:
            self.closed_with.append(self.client.socket.close_code)

    async def _ask(self) -> None:
        assert self.client.socket is not None
        await (await self.client.socket.ping())

    async def _go_to(self, url: str) -> None:
        self.client.url = url
        self.client.http.base_url = httpx.URL(url)
        self.client.http.headers["Origin"] = url

    async def _watch(self) -> None:
        while True:
            for thread_id, room in list(self.client.rooms.items()):
                kept = self.shown.setdefault(thread_id, [])
                if room.said and (not kept or kept[-1].words != room.said):
                    kept.append(Shown(time.monotonic(), dict(room.said)))
            await asyncio.sleep(0.02)

    # -- speaking ----------------------------------------------------------------------------------

    async def open(self, thread_id: str, within_s: float = 30) -> None:
        """Enter a room, and stay in it through every reconnect."""
        self.threads.add(thread_id)

        async def enter() -> None:
            await self.client.join(thread_id)

        await self._insist(enter, within_s)

    async def send(self, thread_id: str, body: str, *, within_s: float = 60, **fields: Any) -> Json:
        """Say it until it is acknowledged; the ack."""
        sent = Sent(thread_id, {"client_id": str(uuid.uuid4()), "body": body, **fields})
        self.sent.append(sent)
        return await self.say_again(sent, within_s)

    async def say_again(self, sent: Sent, within_s: float = 60) -> Json:
        async with asyncio.timeout(within_s):
            while True:
                await self.online.wait()
                try:
                    answer = await self.client.send(sent.thread_id, **sent.command)
                except (*LOST, AssertionError):
                    await asyncio.sleep(0.2)
                    continue
                if answer["type"] == "ack":
                    sent.acks.append(answer)
                    return answer
                self.refusals.append(answer)
                if answer["code"] not in AGAIN:
                    raise AssertionError(f"{self.name} was refused: {answer}")
                await asyncio.sleep(min(float(answer.get("retry_after_s") or 0.3), 2.0))

    async def call(self, method: str, path: str, body: Any = None, within_s: float = 30) -> Any:
        """One call of the API, at whichever web process answers; repeated while a part of the server is away."""
        found: list[Any] = []

        async def ask() -> None:
            response = await self.client.request(method, path, body)
            if response.status_code >= 500:
                self.refusals.append(response.json())
                raise ConnectionError(f"{method} {path}: {response.status_code} {response.text[:200]}")
            assert response.is_success, f"{method} {path}: {response.status_code} {response.text[:300]}"
            found.append(response.json() if response.content else None)

        await self._insist(ask, within_s, may_move=True)
        return found[0]

    async def _insist(self, work: Callable[[], Any], within_s: float, *, may_move: bool = False) -> None:
        last: Exception | None = None
        try:
            async with asyncio.timeout(within_s):
                while True:
                    if not may_move:
                        await self.online.wait()
                    try:
                        await work()
                    except LOST as error:
                        last = error
                        await asyncio.sleep(0.2)
                    else:
                        return
        except TimeoutError:
            raise AssertionError(f"{self.name} could not, for {within_s:.0f} s: {last!r}") from last
