"""Work that goes on to its end when whoever asked for it has gone.

A closed tab cancels the request, or the command, that is under way for it. What was accepted by then must still be told and
set going at once: left to the sweepers it would take them seconds.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_under_way: set[asyncio.Task[Any]] = set()  # the loop itself keeps no task alive


def to_the_end(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The same coroutine function, whose calls a cancelled caller leaves running. Errors go to the caller, if there is one."""

    @wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.get_running_loop().create_task(function(*args, **kwargs))
        _under_way.add(task)
        task.add_done_callback(_end)
        return await asyncio.shield(task)

    return call


async def finished(within_s: float) -> None:
    """Wait for all that is under way. What takes longer is as if this process had been killed: the sweepers find it."""
    if _under_way:
        await asyncio.wait(_under_way, timeout=within_s)


def _end(task: asyncio.Task[Any]) -> None:
    _under_way.discard(task)
    if not task.cancelled():
        task.exception()  # known to whoever waited; nobody may be left
