"""The turns that run in this process: a task each on its loop, and the way to stop one of them or all."""

import asyncio
import contextvars
import logging
from collections.abc import Callable
from typing import Literal
from uuid import UUID

from messaging.runs import engine, live
from messaging.runs.leases import Hold
from messaging.runs.live import Stop

log = logging.getLogger(__name__)


class Running:
    """Everything but `on_loop` is called on the loop. Nothing runs before `open` and after `close`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: dict[UUID, tuple[asyncio.Task[None], Stop]] = {}
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, turn_id: UUID) -> bool:
        return turn_id in self._tasks

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()

    def on_loop(self, call: Callable[[UUID], None], turn_id: UUID) -> None:
        """At once from the loop itself, else through it. Before `open` and after `close` the rows wait."""
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

    def spawn(self, turn_id: UUID, abandoned: Hold | Literal["all"] | None = None) -> None:
        """Run it, unless it runs here already. `abandoned`: see `rows.claim`."""
        if self._loop is None or turn_id in self._tasks:
            return
        stop = Stop()
        task = self._loop.create_task(
            engine.run_turn(turn_id, stop, abandoned), name=f"turn {turn_id}", context=contextvars.Context()
        )
        self._tasks[turn_id] = (task, stop)
        task.add_done_callback(lambda done: self._ended(turn_id, done))

    def _ended(self, turn_id: UUID, task: asyncio.Task[None]) -> None:
        del self._tasks[turn_id]
        self._changed.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("Turn %s could not be run; it is taken up again by the sweep.", turn_id, exc_info=error)

    def stop(self, turn_id: UUID) -> bool:
        """End it in a person's name; whether it runs here."""
        if turn_id not in self._tasks:
            return False
        self._tasks[turn_id][1].request()
        return True

    async def until_fewer_than(self, count: int) -> None:
        """Wait until there is room among `count`."""
        while len(self._tasks) >= count:
            self._changed.clear()
            await self._changed.wait()

    async def close(self) -> list[UUID]:
        """Save the words of what runs and end the tasks, in the middle; which turns these were."""
        self._loop, left = None, list(self._tasks)
        if left:
            try:
                await live.save()
            except Exception:
                log.exception("The last words of running turns could not be saved.")
        tasks = [task for task, _ in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return left
