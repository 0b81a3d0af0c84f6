"""The way to Redis for the streams: bounded waits, one error for whoever calls, and which server it is.

A server that was started anew may hold an old copy of a room, from its disk or as a follower of the one that is gone. So
each connection says first which server's life it leads to, and every script compares (lua/room.lua).
"""

import asyncio
import logging
from time import monotonic
from typing import Any

from django.conf import settings
from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chatplatform.kernel.errors import Unavailable

log = logging.getLogger(__name__)

CONNECT_S = 1.0
COMMAND_S = 2.0
REST_S = 0.5  # after a failure nobody asks the server again so soon, and then one alone
MOST_CONNECTIONS = 32
LIFE = "parley:life"

# What a server that is away, starting, full or no longer the first one answers, or does not.
_AWAY = (
    exceptions.ConnectionError,
    exceptions.TimeoutError,
    exceptions.BusyLoadingError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
    OSError,
    TimeoutError,
)


class Script:
    """Lua that runs in Redis under its hash."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = ""


class RedisServer:
    def __init__(self) -> None:
        self.life = ""  # of the server behind the newest connection
        self._is_away = False
        self._is_tried = False  # while it is away: somebody looks whether it is back
        self._rests_until = 0.0
        self._pool = BlockingConnectionPool.from_url(
            settings.REDIS_URL,
            max_connections=MOST_CONNECTIONS,
            timeout=COMMAND_S,
            socket_connect_timeout=CONNECT_S,
            socket_timeout=COMMAND_S,
            retry=Retry(NoBackoff(), 0),
            redis_connect_func=self._connected,
        )
        self._redis: Redis = Redis(connection_pool=self._pool)

    async def run(self, script: Script, keys: list[str], *arguments: str | bytes | int) -> Any:
        """The script's answer. Raises Unavailable; at once while the server is known to be away."""
        if self._is_away and (self._is_tried or monotonic() < self._rests_until):
            raise _unavailable()
        self._is_tried = True
        try:
            async with asyncio.timeout(CONNECT_S + COMMAND_S):
                answer = await self._evaluate(script, keys, *arguments)
        except _AWAY as error:
            if not isinstance(error, exceptions.OutOfMemoryError):
                self._is_away, self._rests_until = True, monotonic() + REST_S
            log.warning("Redis does not keep the rooms' streams just now: %s", str(error) or type(error).__name__)
            raise _unavailable() from error
        finally:
            self._is_tried = False
        self._is_away = False
        return answer

    async def _evaluate(self, script: Script, keys: list[str], *arguments: str | bytes | int) -> Any:
        if not self.life:
            await self._redis.ping()  # makes a connection, which learns it
        if script.sha:
            try:
                return await self._redis.evalsha(script.sha, len(keys), *keys, self.life, *arguments)
            except exceptions.NoScriptError:
                pass
        script.sha = await self._redis.script_load(script.text)
        return await self._redis.evalsha(script.sha, len(keys), *keys, self.life, *arguments)

    async def close(self) -> None:
        await self._redis.aclose()
        await self._pool.disconnect()

    async def _connected(self, connection: Any) -> None:
        await connection.on_connect()
        lines = (await self._ask(connection, "INFO", "server")).decode().splitlines()
        life = next(line.partition(":")[2] for line in lines if line.startswith("run_id:"))
        if await self._ask(connection, "GET", LIFE) != life.encode():
            await self._ask(connection, "SET", LIFE, life)
        self.life = life

    @staticmethod
    async def _ask(connection: Any, *command: str) -> Any:
        await connection.send_command(*command)
        return await connection.read_response()


def _unavailable() -> Unavailable:
    return Unavailable("The live part of this room does not answer just now. It goes again by itself.", "stream")
