"""Work that goes on to its end when whoever asked for it has gone, and tasks that must end when they are told to.

A closed tab cancels the request, or the command, that is under way for it. What was accepted by then must still be told and
set going at once: left to the sweepers it would take them seconds.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from chatplatform.kernel.errors import AppError

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

AGAIN_S = 3.0

_under_way: set[asyncio.Task[Any]] = set()  # the loop itself keeps no task alive


def to_the_end(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """The same coroutine function, whose calls a cancelled caller leaves running. Errors go to the caller, or to the log if
    there is none any more; a refusal concerns nobody then."""

    @wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.get_running_loop().create_task(function(*args, **kwargs))
        _under_way.add(task)
        task.add_done_callback(_under_way.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(partial(_end_alone, function.__qualname__))
            raise

    return call


async def finished(within_s: float) -> None:
    """Wait for all that is under way. What takes longer is as if this process had been killed: the sweepers find it."""
    if _under_way:
        await asyncio.wait(_under_way, timeout=within_s)


async def end(*tasks: asyncio.Task[Any], again_s: float = AGAIN_S) -> None:
    """Cancel tasks and wait until they have ended, however often it takes.

    A cancellation is lost where `asyncio.wait_for` got what it waited for in the same moment (Python before 3.12), as in
    psycopg while it connects: the task goes on as if nobody had said anything.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=again_s)


def _end_alone(name: str, task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, AppError):
        log.error("%s failed when whoever asked for it had gone.", name, exc_info=error)
