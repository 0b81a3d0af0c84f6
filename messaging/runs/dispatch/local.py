"""Turns as tasks of the server's own loop: one process, which holds the lock beside the database.

So every open turn that is not a task here belongs to a process that died, and is taken over at once
at the start; afterwards a sweep does so every half minute, for whatever was lost on the way.
"""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from chatplatform.kernel.db import in_db
from messaging.runs import claims, engine, live, steps
from messaging.runs.dispatch.loop import Loop
from messaging.runs.dispatch.running import Running

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 30.0
SETTLED_FOR_S = 10.0  # a younger row may be on its way here from the transaction that wrote it


class LocalDispatcher:
    runs_own = True

    def __init__(self) -> None:
        self._loop = Loop()  # before the start and after the stop the rows wait
        self._running = Running()
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    def enqueue(self, turn_ids: Sequence[UUID]) -> None:
        """The row of an open turn is all the note that the next start needs."""

    def dispatch(self, turn_id: UUID) -> None:
        self._loop.call(self._spawn, turn_id)

    def cancel(self, turn_id: UUID) -> None:
        self._loop.call(self._stop, turn_id)

    def try_now(self, turn_id: UUID) -> None:
        self._loop.call(live.wake, turn_id)

    def _spawn(self, turn_id: UUID) -> None:
        self._running.spawn(turn_id, "all")

    def _stop(self, turn_id: UUID) -> None:
        """Nobody else can run it: where it is no task, its claim finds that it is to be stopped."""
        if not self._running.stop(turn_id):
            self._spawn(turn_id)

    async def start(self) -> None:
        self._loop.open()
        self._running.open()
        await self.take_over(0)
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep(), name="turn sweeper")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.take_over(SETTLED_FOR_S)
            except Exception:  # the database may be away; the next sweep sees the same rows
                log.exception("Open turns could not be looked for; trying again in %d s.", SWEEP_EVERY_S)

    async def take_over(self, older_than_s: float) -> None:
        """Run every open turn that is not running, and go on with runs in which nobody speaks."""
        for turn_id in await in_db(claims.open_turns, older_than_s):
            self._spawn(turn_id)
        for run_id in await in_db(claims.idle_runs, older_than_s):
            log.warning("Run %s stood still; it goes on.", run_id)
            if (step := await in_db(steps.advance, run_id)) is not None:
                await engine.follow(step)

    async def stop(self) -> None:
        self._loop.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.wait({self._sweeper})
            self._sweeper = None
        await self._running.close()
