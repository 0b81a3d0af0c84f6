"""The way to end one turn from outside, at whatever it waits for, while its task goes on and writes its end."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Stopped(Exception):
    """A person stopped the turn, or somebody else took it over."""


class Stop:
    """Asked for once; it takes effect inside `guard` alone."""

    def __init__(self) -> None:
        self._is_requested = False
        self._task: asyncio.Task[Any] | None = None

    def request(self) -> None:
        """End it. Called on the loop; before `guard` it takes effect there."""
        if not self._is_requested:
            self._is_requested = True
            if self._task is not None:
                self._task.cancel()

    @property
    def is_requested(self) -> bool:
        return self._is_requested

    @contextmanager
    def guard(self) -> Iterator[None]:
        """What runs inside raises Stopped once the end is requested, and at once if it was before."""
        if self.is_requested:
            raise Stopped
        task = self._task = asyncio.current_task()
        try:
            yield
        except asyncio.CancelledError:
            # The task's own end (the server stops) passes through; the request was ours and is taken back.
            if self._is_requested and task is not None and task.uncancel() == 0:
                raise Stopped from None
            raise
        finally:
            self._task = None
