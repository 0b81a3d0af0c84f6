"""How many requests a provider gets at once, and who is next: a fair queue with visible positions.

Of one process: a line over several would need a server that remembers who died in it. So a provider gets at most the
limit times the workers at once; who has three workers and a provider that takes twelve gives it a limit of four.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable

OnPosition = Callable[[int], None]


class _Waiter:
    def __init__(self, on_position: OnPosition | None) -> None:
        self.turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._on_position = on_position
        self._told = 0

    def tell(self, position: int) -> None:
        if self._on_position is not None and position != self._told:
            self._told = position
            self._on_position(position)


class Limiter:
    """First come, first served. Used on one loop; a waiter that is cancelled leaves no hole."""

    def __init__(self, limit: int) -> None:
        self._limit = max(1, limit)
        self._running = 0
        self._waiting: deque[_Waiter] = deque()

    @property
    def limit(self) -> int:
        return self._limit

    @property
    def running(self) -> int:
        return self._running

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def set_limit(self, limit: int) -> None:
        """Takes hold at once: more let the first in line go, fewer let running ones finish."""
        self._limit = max(1, limit)
        self._admit()

    @contextlib.asynccontextmanager
    async def slot(self, on_position: OnPosition | None = None) -> AsyncIterator[None]:
        """Hold one of the places, waiting in line for it.

        `on_position` hears one's place in the line, 1 being next, each time it changes; not when there is no wait.
        """
        await self._enter(on_position)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, on_position: OnPosition | None) -> None:
        if self._running < self._limit and not self._waiting:
            self._running += 1
            return
        waiter = _Waiter(on_position)
        self._waiting.append(waiter)
        waiter.tell(len(self._waiting))
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self._leave()  # the place was given in the same moment: pass it on
            else:
                with contextlib.suppress(ValueError):  # a place that became free has passed over it already
                    self._waiting.remove(waiter)
                self._tell()
            raise

    def _leave(self) -> None:
        self._running -= 1
        self._admit()

    def _admit(self) -> None:
        was = len(self._waiting)
        while self._waiting and self._running < self._limit:
            waiter = self._waiting.popleft()
            if not waiter.turn.done():
                self._running += 1
                waiter.turn.set_result(None)
        if len(self._waiting) != was:
            self._tell()

    def _tell(self) -> None:
        for position, waiter in enumerate(list(self._waiting), 1):
            waiter.tell(position)
