"""Committed turns offered over Redis to whichever worker has room: the way to the first token that waits for no poll.

An offer is a hint. One that is lost, repeated or late does no harm: the row and its job are the truth.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

KEY = "parley:turns"
MOST = 10_000
KEPT_S = 60  # unheard for so long: sweeps have seen the rows by then
ANSWER_S = 1.0
# What Redis raises when it is away, restarting, full or too slow.
AWAY = (RedisError, OSError, TimeoutError)


class Offers:
    """A list that workers wait at. Used on one loop; raises what `AWAY` names."""

    def __init__(self) -> None:
        self._clients: dict[float, Any] = {}

    async def make(self, turn_ids: Sequence[UUID], *, is_urgent: bool = False) -> None:
        """Offer these turns, first come, first served; the urgent ones before all others."""
        pipe = self._client(ANSWER_S).pipeline(transaction=False)
        (pipe.lpush if is_urgent else pipe.rpush)(KEY, *(turn_id.bytes for turn_id in turn_ids))
        pipe.ltrim(KEY, -MOST, -1)
        pipe.expire(KEY, KEPT_S)
        await pipe.execute()

    async def take(self, wait_s: float) -> UUID | None:
        """The next turn that nobody took; None when there was none for so long."""
        found = await self._client(wait_s + ANSWER_S).blpop([KEY], timeout=wait_s)
        return UUID(bytes=found[1]) if found is not None else None

    async def close(self) -> None:
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    def _client(self, within_s: float) -> Any:
        if within_s not in self._clients:
            self._clients[within_s] = Redis.from_url(
                settings.REDIS_URL,
                socket_connect_timeout=ANSWER_S,
                socket_timeout=within_s,
                retry=Retry(NoBackoff(), 1),  # once: a connection may have died unnoticed
            )
        return self._clients[within_s]
