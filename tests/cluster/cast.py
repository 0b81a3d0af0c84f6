"""The people of a deployment of several processes, and what must hold of what they see."""

import asyncio
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.client import Client, Json
from tools.full import Deployment
from tools.services import Redis

MODELS = ("f30r60n120", "f60r50n100")
LONG = "f30r20n600"  # half a minute: it speaks on whatever is done meanwhile, until it is stopped
LINE_UP = [f"openai:{name}" for name in MODELS]


class Watcher(Client):
    """A client that remembers the order of all that it heard of rooms."""

    def __init__(self, url: str, name: str = "Alice") -> None:
        super().__init__(url, name)
        self.heard: list[Json] = []  # frames of events, in order

    async def _hear(self, frame: Json) -> None:
        if frame["type"] == "events":
            self.heard.append(frame)
        await super()._hear(frame)

    def told(self, thread_id: str, after: int) -> list[tuple[str, str]]:
        """What was told after an offset, in order: everything but words, which each server merges as it sees fit."""
        frames = [frame for frame in self.heard if frame["thread_id"] == thread_id and frame["first"] > after]
        events = [event for frame in frames for event in frame["events"]]
        return [(e["type"], _of(e)) for e in events if e["type"] not in {"turn.delta", "turn.reasoning", "typing"}]


def _of(event: Json) -> str:
    for name in ("message", "run", "turn_id", "person"):
        if name in event:
            value = event[name]
            return str(value["id"] if isinstance(value, dict) else value)
    return ""


class Cluster:
    """Alice has a tab at each of two servers."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.one, self.two = (Watcher(web.url) for web in deployment.webs)
        self.project = ""

    @property
    def folder(self) -> Path:
        return self.deployment.folder

    @property
    def redis(self) -> Redis:
        assert self.deployment.redis is not None
        return self.deployment.redis

    async def begin(self) -> None:
        await asyncio.to_thread(self.deployment.start)
        await self.one.sign_up()
        self.project = (await self.one.call("POST", "/projects", {"name": "Ferryline"}))["id"]
        self.two.email = self.one.email
        await self.two.sign_in()

    async def end(self) -> None:
        await self.one.close()
        await self.two.close()
        await asyncio.to_thread(self.deployment.kill)

    async def new_thread(self) -> str:
        """Both tabs sit in it."""
        body = {"title": f"Tides {uuid.uuid4().hex[:6]}", "line_up": LINE_UP}
        thread_id: str = (await self.one.call("POST", f"/projects/{self.project}/threads", body))["thread"]["id"]
        for tab in (self.one, self.two):
            await tab.disconnect()
            tab.rooms.clear()
            tab.heard.clear()
            tab.frames.clear()
            tab.resyncs = 0
            await tab.connect()
            await tab.join(thread_id)
        return thread_id

    async def ask(self, thread_id: str, models: Sequence[str] = MODELS) -> Json:
        """A question to these models; returns when the first words are here."""
        asked = [f"openai:{name}" for name in models]
        ack = await self.one.send(thread_id, "When is high water?", mode="ask", models=asked)
        assert ack["type"] == "ack", ack
        for each in (self.one, self.two):
            if each.socket is not None:
                await each.until(lambda each=each: self.words(each, thread_id) > 100)
        return ack

    @staticmethod
    def words(tab: Client, thread_id: str) -> int:
        return sum(map(len, tab.rooms[thread_id].said.values())) if thread_id in tab.rooms else 0

    async def level(self, thread_id: str) -> int:
        """Wait until both tabs have heard the same of the room; how far. A frame that comes afterwards begins after it."""
        one, two = (tab.rooms[thread_id] for tab in (self.one, self.two))
        await self.one.until(lambda: (one.epoch, one.offset) == (two.epoch, two.offset))
        return one.offset

    async def agree(self, thread_id: str, within_s: float = 40.0, *tabs: Client) -> list[Json]:
        """Wait until nothing goes on; everybody sees what a fresh load shows. Answers the messages."""
        tabs = tabs or (self.one, self.two)
        for tab in tabs:
            await tab.until_quiet(thread_id, within_s)
        page: dict[str, Any] = await tabs[0].call("GET", f"/threads/{thread_id}/messages?limit=200")
        fresh = sorted((m["seq"], m["variant"], m["state"], m["body"]) for m in page["messages"])
        for tab in tabs:
            await tab.until(lambda tab=tab: tab.rooms[thread_id].view() == fresh, within_s)
            assert tab.rooms[thread_id].violations == []
        messages: list[Json] = page["messages"]
        return messages
