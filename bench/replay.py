"""Two other servers for the fan-out measurement: each sends recorded frames at their recorded times.

`python -m bench.replay picows|consumers PORT SCHEDULE` waits for a line on its standard input, then sends.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import uvloop
from picows import WSFrame, WSListener, WSMsgType, WSTransport, WSUpgradeRequest, ws_connect, ws_create_server

from bench.common import raise_file_limit

Schedule = list[tuple[float, str]]


class Counter(WSListener):
    """A watcher that only counts what it gets."""

    def __init__(self) -> None:
        self.frames = 0
        self.transport: WSTransport | None = None

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        if frame.msg_type == WSMsgType.TEXT:
            self.frames += 1

    def close(self) -> None:
        if self.transport is not None:
            self.transport.disconnect(graceful=False)


async def connect_all(port: int, count: int) -> list[Counter]:
    """`count` watchers of a replaying server, once it listens."""
    sockets = []
    for _ in range(count):
        socket = Counter()
        for _attempt in range(200):
            try:
                await ws_connect(
                    lambda socket=socket: socket, f"ws://127.0.0.1:{port}/", websocket_handshake_timeout=30
                )
                break
            except OSError:
                await asyncio.sleep(0.05)
        sockets.append(socket)
    return sockets


async def _follow(schedule: Schedule, send: Any) -> None:
    """Call `send` with each frame at its time, once told to begin."""
    await asyncio.to_thread(sys.stdin.readline)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for at, text in schedule:
        if (wait := began + at - loop.time()) > 0:
            await asyncio.sleep(wait)
        await send(text)


async def picows(port: int, schedule: Schedule) -> None:
    """The floor: one loop over the transports."""
    transports: set[WSTransport] = set()

    class Watcher(WSListener):
        def on_ws_connected(self, transport: WSTransport) -> None:
            transports.add(transport)

        def on_ws_disconnected(self, transport: WSTransport) -> None:
            transports.discard(transport)

    def accept(_request: WSUpgradeRequest) -> WSListener:
        return Watcher()

    async def send(text: str) -> None:
        data = text.encode()
        for transport in transports:
            transport.send(WSMsgType.TEXT, data)

    await ws_create_server(accept, "127.0.0.1", port, backlog=1024)
    await _follow(schedule, send)
    await asyncio.Event().wait()


def consumers(port: int, schedule: Schedule) -> None:
    """The usual way: every socket a consumer in a group, every frame a `group_send`, encoded for each."""
    from django.conf import settings

    settings.configure(
        SECRET_KEY="bench",
        CHANNEL_LAYERS={"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
        DATABASES={},
    )
    import django

    django.setup()
    import uvicorn
    from channels.generic.websocket import AsyncJsonWebsocketConsumer
    from channels.layers import get_channel_layer

    class Watcher(AsyncJsonWebsocketConsumer):
        async def connect(self) -> None:
            await self.channel_layer.group_add("room", self.channel_name)
            await self.accept()

        async def room_said(self, event: dict[str, Any]) -> None:
            await self.send_json(event["frame"])

    async def send(text: str) -> None:
        await get_channel_layer().group_send("room", {"type": "room.said", "frame": json.loads(text)})

    watch = Watcher.as_asgi()
    tasks: set[asyncio.Task[None]] = set()

    async def application(scope: Any, receive: Any, reply: Any) -> None:
        if not tasks:
            tasks.add(asyncio.create_task(_follow(schedule, send)))
        await watch(scope, receive, reply)

    uvicorn.run(
        application, host="127.0.0.1", port=port, ws="websockets-sansio", loop="uvloop", lifespan="off",
        ws_per_message_deflate=False, log_level="warning", backlog=1024,
    )  # fmt: skip


def main(how: str, port: int, schedule: Schedule) -> None:
    raise_file_limit()
    if how == "picows":
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(picows(port, schedule))
    else:
        consumers(port, schedule)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [(at, text) for at, text in json.loads(Path(sys.argv[3]).read_text())])
