"""Frames as an attacker sends them, and what is heard of it."""

import asyncio
import json
from typing import Any

from tests.attacks.conftest import World
from tests.client import Client

Json = dict[str, Any]


def cookie_of(world: World, name: str) -> str:
    return "; ".join(f"{key}={value}" for key, value in world.cookies[name].items())


async def answer_to(client: Client, kind: str, **fields: Any) -> Json:
    """As `client.say`, also for what is answered without its `re`, because it could not be read."""
    heard = len(client.frames)
    saying = asyncio.create_task(client.say(kind, **fields))
    await client.until(lambda: saying.done() or any(f["type"] == "error" for f in client.frames[heard:]), 5)
    if saying.done():
        return saying.result()
    saying.cancel()
    return next(f for f in client.frames[heard:] if f["type"] == "error")


async def refused_as_unreadable(client: Client, command: Json) -> None:
    assert client.socket is not None
    heard = len(client.frames)
    await client.socket.send(json.dumps(command))
    await client.until(lambda: any(f["type"] == "error" for f in client.frames[heard:]), 5)
    assert [f["code"] for f in client.frames[heard:] if f["type"] == "error"] == ["invalid"]
