"""Calls that reach a loop from wherever they are made."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Loop:
    """The loop on which a dispatcher works, between `open` and `close`; before and after, calls are dropped."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_open(self) -> bool:
        return self._loop is not None

    def open(self) -> None:
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        self._loop = None

    def call(self, function: Callable[[T], object], argument: T) -> None:
        """At once from the loop itself, else through it."""
        loop = self._loop
        if loop is None:
            return
        try:
            is_inside = asyncio.get_running_loop() is loop
        except RuntimeError:
            is_inside = False
        if is_inside:
            function(argument)
        else:
            # A context of its own: asgiref refuses a database thread that inherits the caller's.
            loop.call_soon_threadsafe(function, argument, context=contextvars.Context())
