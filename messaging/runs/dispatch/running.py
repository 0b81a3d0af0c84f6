"""The turns that run in this process: a task each on its loop, and the way to stop one of them or all."""

import asyncio
import contextvars
import logging
from typing import Literal
from uuid import UUID

from messaging.runs import engine, live
from messaging.runs.leases import Hold
from messaging.runs.stopping import Stop

log = logging.getLogger(__name__)


class Running:
    """Everything is called on the loop. After `close` nothing runs until it is opened again."""

    def __init__(self) -> None:
        self._is_open = False
        self._tasks: dict[UUID, tuple[asyncio.Task[None], Stop]] = {}
        self._ended = asyncio.Event()

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, turn_id: UUID) -> bool:
        return turn_id in self._tasks

    def open(self) -> None:
        self._is_open = True

    def spawn(self, turn_id: UUID, abandoned: Hold | Literal["all"] | None = None) -> None:
        """Run it, unless it runs here already. `abandoned`: see `claims.claim`."""
        if not self._is_open or turn_id in self._tasks:
            return
        stop = Stop()
        task = asyncio.get_running_loop().create_task(
            engine.run_turn(turn_id, stop, abandoned), name=f"turn {turn_id}", context=contextvars.Context()
        )
        self._tasks[turn_id] = (task, stop)
        task.add_done_callback(lambda done: self._end(turn_id, done))

    def _end(self, turn_id: UUID, task: asyncio.Task[None]) -> None:
        del self._tasks[turn_id]
        self._ended.set()
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
            self._ended.clear()
            await self._ended.wait()

    async def close(self) -> list[UUID]:
        """Save the words of what runs and end the tasks in the middle; which turns these were."""
        self._is_open, left = False, list(self._tasks)
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
