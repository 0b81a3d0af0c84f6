"""One connection of Channels' pub/sub layer to Redis, as the relay wants it: bounded waits, no silent reconnecting.

Comes in: who wants to know of a connection that was made anew. Goes out: a layer with one channel, and nothing else.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from weakref import WeakSet

from django.conf import settings
from django.utils.module_loading import import_string
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

log = logging.getLogger(__name__)
# It logs a page for each second without Redis; the relay says it in a line.
logging.getLogger("channels_redis.pubsub").setLevel(logging.CRITICAL)

CONNECT_S = 1.0
COMMAND_S = 2.0

Message = dict[str, Any]


class Layer:
    """Everything here may raise whatever the client meets, or take up to `COMMAND_S`."""

    def __init__(self, reconnected: Callable[[], None]) -> None:
        config = settings.CHANNEL_LAYERS["default"]
        options = {
            "socket_connect_timeout": CONNECT_S,
            "socket_timeout": COMMAND_S,
            # At once again, inside the client: left to itself the layer waits a second after every lost connection.
            "retry": Retry(ConstantBackoff(0.02), 2),
            "redis_connect_func": self._connected,
        }
        hosts = [{"address": host, **options} for host in config["CONFIG"]["hosts"]]
        self._layer = import_string(config["BACKEND"])(**{**config["CONFIG"], "hosts": hosts})
        self._reconnected = reconnected
        self._connections: WeakSet[Any] = WeakSet()
        self._channel = ""
        self._receiving: asyncio.Task[None] | None = None
        self.groups: set[str] = set()

    async def open(self, hear: Callable[[Message], None]) -> None:
        """Begin to hear; raises when Redis is not there."""
        async with asyncio.timeout(COMMAND_S):
            self._channel = await self._layer.new_channel()
        self._receiving = asyncio.get_running_loop().create_task(self._receive_for_ever(hear))

    async def join(self, group: str) -> None:
        """Ask Redis for the group's packets. They come only when it has taken that in."""
        async with asyncio.timeout(COMMAND_S):
            await self._layer.group_add(group, self._channel)
        self.groups.add(group)

    async def part(self, group: str) -> None:
        self.groups.discard(group)
        async with asyncio.timeout(COMMAND_S):
            await self._layer.group_discard(group, self._channel)

    async def send(self, group: str, message: Message) -> None:
        async with asyncio.timeout(COMMAND_S):
            await self._layer.group_send(group, message)

    async def close(self) -> None:
        """Let go of it, in whatever state it is."""
        if self._receiving is not None:
            self._receiving.cancel()
            await asyncio.wait({self._receiving}, timeout=COMMAND_S)
        with suppress(Exception):
            async with asyncio.timeout(COMMAND_S):
                await self._layer.flush()

    async def _receive_for_ever(self, hear: Callable[[Message], None]) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except Exception:
                log.exception("A packet could not be read.")
            else:
                hear(message)

    async def _connected(self, connection: Any) -> None:
        """A connection that was there before: what it carried meanwhile is gone."""
        await connection.on_connect()
        if connection in self._connections:
            self._reconnected()
        self._connections.add(connection)
