"""Turns as tasks of the server's own loop: one process, which holds the lock beside the database.

So every open turn that is not a task here belongs to a process that died, and is taken over at once
at the start; afterwards a sweep does so every half minute, for whatever was lost on the way.
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable
from uuid import UUID

from chatplatform.kernel.db import in_db
from messaging.runs import engine, live, rows
from messaging.runs.live import Stop

log = logging.getLogger(__name__)

SWEEP_EVERY_S = 30.0
SETTLED_FOR_S = 10.0  # a younger row may be on its way here from the transaction that wrote it


class LocalDispatcher:
    is_local = True

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: dict[UUID, tuple[asyncio.Task[None], Stop]] = {}
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def is_busy(self) -> bool:
        return bool(self._running)

    def dispatch(self, turn_id: UUID) -> None:
        self._on_loop(self._spawn, turn_id)

    def cancel(self, turn_id: UUID) -> None:
        self._on_loop(self._stop, turn_id)

    def try_now(self, turn_id: UUID) -> None:
        self._on_loop(live.wake, turn_id)

    def _on_loop(self, call: Callable[[UUID], None], turn_id: UUID) -> None:
        """At once from the loop itself, else through it. Before the start and after the stop the rows wait."""
        loop = self._loop
        if loop is None:
            return
        try:
            is_inside = asyncio.get_running_loop() is loop
        except RuntimeError:
            is_inside = False
        if is_inside:
            call(turn_id)
        else:
            # A context of its own: asgiref refuses a database thread that inherits the caller's.
            loop.call_soon_threadsafe(call, turn_id, context=contextvars.Context())

    def _spawn(self, turn_id: UUID) -> None:
        if self._loop is None or turn_id in self._running:
            return
        stop = Stop()
        task = self._loop.create_task(
            engine.run_turn(turn_id, stop), name=f"turn {turn_id}", context=contextvars.Context()
        )
        self._running[turn_id] = (task, stop)
        task.add_done_callback(lambda done: self._ended(turn_id, done))

    def _ended(self, turn_id: UUID, task: asyncio.Task[None]) -> None:
        del self._running[turn_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Turn %s could not be run; it is taken up again by the sweep.", turn_id, exc_info=error)

    def _stop(self, turn_id: UUID) -> None:
        """Nobody else can run it: where it is no task, its claim finds that it is to be stopped."""
        if turn_id in self._running:
            self._running[turn_id][1].request()
        else:
            self._spawn(turn_id)

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.take_over(0)
        self._sweeper = self._loop.create_task(self._sweep(), name="turn sweeper")

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self.take_over(SETTLED_FOR_S)
            except Exception:  # the database may be away; the next sweep sees the same rows
                log.exception("Open turns could not be looked for; trying again in %d s.", SWEEP_EVERY_S)

    async def take_over(self, older_than_s: float) -> None:
        """Run every open turn that is not running, and go on with runs in which nobody speaks."""
        for turn_id in await in_db(rows.open_turns, older_than_s):
            self._spawn(turn_id)
        for run_id in await in_db(rows.idle_runs, older_than_s):
            log.warning("Run %s stood still; it goes on.", run_id)
            await engine.follow(await in_db(rows.advance, run_id))

    async def stop(self) -> None:
        self._loop, tasks = None, [task for task, _ in self._running.values()]
        if self._sweeper is not None:
            tasks.append(self._sweeper)
        await _last_save()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _last_save() -> None:
    try:
        await live.save()
    except Exception:
        log.exception("The last words of running turns could not be saved.")
