"""Turns for workers: noted with their rows in PostgreSQL, offered over Redis after the commit. None runs here.

While Redis is away the jobs alone carry them, a little slower and as surely.
"""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from chatplatform.kernel.backends import backend
from chatplatform.kernel.db import in_db
from messaging.relays.base import Relay
from messaging.runs.dispatch import jobs
from messaging.runs.dispatch.loop import Loop
from messaging.runs.dispatch.offers import AWAY, Offers

log = logging.getLogger(__name__)

GROUP = "turns"  # what workers hear of turns that run already
CANCEL, TRY_NOW = b"cancel ", b"try now "
UNTAKEN_S = 2  # an offer that no worker took by then is looked for by its job


class QueueDispatcher:
    runs_own = False

    def __init__(self) -> None:
        self._loop = Loop()
        self._offers = Offers()
        self._are_offers_heard = True
        self._next: list[UUID] = []
        self._offering: set[asyncio.Task[None]] = set()

    def enqueue(self, turn_ids: Sequence[UUID]) -> None:
        jobs.defer(turn_ids, UNTAKEN_S if self._are_offers_heard else 0)

    def dispatch(self, turn_id: UUID) -> None:
        self._loop.call(self._offer_soon, turn_id)

    def cancel(self, turn_id: UUID) -> None:
        """A nudge: whoever runs it sees its row within a second, too."""
        self._loop.call(self._tell_workers, CANCEL + turn_id.bytes)

    def try_now(self, turn_id: UUID) -> None:
        self._loop.call(self._tell_workers, TRY_NOW + turn_id.bytes)

    def _tell_workers(self, packet: bytes) -> None:
        relay: Relay = backend("relay")
        relay.send(GROUP, packet)

    def _offer_soon(self, turn_id: UUID) -> None:
        """The turns of one step go out together."""
        self._next.append(turn_id)
        if len(self._next) == 1:
            task = asyncio.get_running_loop().create_task(self._offer_next())
            self._offering.add(task)
            task.add_done_callback(self._offering.discard)

    async def _offer_next(self) -> None:
        turn_ids, self._next = self._next, []
        try:
            await self.offer(turn_ids)
        except Exception:  # their jobs were written with their rows
            log.exception("%d turns could not be offered; they wait in the queue.", len(turn_ids))

    async def offer(self, turn_ids: Sequence[UUID], *, is_urgent: bool = False) -> None:
        """To a worker with room, now: over Redis, or as a job that is due."""
        try:
            await self._offers.make(turn_ids, is_urgent=is_urgent)
        except AWAY as error:
            if self._are_offers_heard:
                log.warning("Redis cannot be reached; turns are offered through PostgreSQL: %r", error)
            was_heard, self._are_offers_heard = self._are_offers_heard, False
            if was_heard or is_urgent:  # the jobs of later ones are due at once
                await in_db(jobs.defer, turn_ids)
        else:
            self._are_offers_heard = True

    async def start(self) -> None:
        self._loop.open()

    async def stop(self) -> None:
        self._loop.close()
        if self._offering:
            await asyncio.wait(self._offering)
        await self._offers.close()
