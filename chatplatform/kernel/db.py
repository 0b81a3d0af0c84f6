"""The one bridge from asyncio to the synchronous ORM.

`in_db(f, …)` runs `f` in a small pool of database threads: one thread for SQLite, where a second
writer would only wait for the lock, several for PostgreSQL. A unit of work is one function; it
opens its own transaction. A connection that died while it was idle is left before it is used; a unit that had only read when it
lost its connection is begun again, once, and nobody hears of it.
"""

import asyncio
import contextvars
import itertools
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import Error, OperationalError, close_old_connections, connection, connections

from chatplatform.kernel import logs, lost, metrics
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import AppError, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

# Every query lets go of the interpreter's lock and, while the loop is busy, waits this long to get it back. With
# Python's 5 ms a transaction of twenty queries takes a tenth of a second under load; measured with bench/burst.py.
SWITCH_S = 0.0005
# How long work that nobody waits for lets other work pass: then its turn has come, so nothing starves.
PATIENCE_S = 0.25

Work = tuple[float, int, "Future[Any] | None", Callable[[], Any] | None]


class _Threads:
    """Threads that take the work whose deadline is nearest; of equal ones, the first that came."""

    def __init__(self, size: int) -> None:
        sys.setswitchinterval(SWITCH_S)
        self._queue: queue.PriorityQueue[Work] = queue.PriorityQueue()
        self._numbers = itertools.count()
        self._threads = [threading.Thread(target=self._run, name=f"db_{n}", daemon=True) for n in range(size)]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Callable[[], T], patience_s: float) -> "Future[T]":
        future: Future[T] = Future()
        self._queue.put((monotonic() + patience_s, next(self._numbers), future, call))
        return future

    def close(self) -> None:
        for _ in self._threads:
            self._queue.put((float("inf"), next(self._numbers), None, None))
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while True:
            _, _, future, call = self._queue.get()
            if future is None or call is None:
                connections.close_all()
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001  whoever waits for it is given it
                future.set_exception(error)
            else:
                future.set_result(result)


_pool: _Threads | None = None


def _threads() -> _Threads:
    global _pool
    if _pool is None:
        is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
        _pool = _Threads(1 if is_sqlite else settings.DB_THREADS)
    return _pool


class DatabaseAway(Unavailable, OperationalError):
    """PostgreSQL cannot be reached, went away in mid-work or cannot work now: what was asked for may be done or not. Asking
    again is safe where the work is."""


class _Here(threading.local):
    """What one thread knows: how often the server had been lost when it took its connection, and what its work has sent."""

    losses = 0
    sent: lost.Sent | None = None


_losses = 0
_losing = threading.Lock()
_here = _Here()


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    if connection.vendor != "postgresql":
        if connection.connection is not None and connection.errors_occurred:
            close_old_connections()
        return function(*args, **kwargs)
    try:
        return _attempt(function, *args, **kwargs)
    except DatabaseAway:
        if not _may_repeat():
            raise
    return _attempt(function, *args, **kwargs)


def _attempt(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    _leave_what_is_dead()
    try:
        return function(*args, **kwargs)
    except AppError:
        raise
    except Exception as error:
        if not (lost.is_away(error) or (isinstance(error, Error) and lost.is_gone())):
            raise
        if lost.is_cut(error):
            _lose()
        raise DatabaseAway("The database does not answer. It goes again by itself.", retry_after_s=1.0) from error


def _leave_what_is_dead() -> None:
    """Outside a request Django never reconnects by itself, so a connection that is lost would stay so."""
    if _here.sent is None:
        _here.sent = lost.Sent()
    _here.sent.forget()
    held = connection.connection
    if held is not None and lost.has_ended(held):
        held.close()
        _lose()
    if connection.errors_occurred or _here.losses != _losses:
        connection.close()  # the pool looks at a connection before it gives it out again
    if connection.connection is None:
        _here.losses = _losses


def _lose() -> None:
    """What one thread notices saves the others the error: no connection from before is used any more."""
    global _losses
    with _losing:
        if _here.losses != _losses:
            return  # somebody else has noticed it
        _losses += 1
    lost.leave_idle()


def losses() -> int:
    """How often this process has lost the server since it began. Unchanged between two looks: it was there, or nobody asked."""
    return _losses


def _may_repeat() -> bool:
    """Did the work lose its connection while it had only read? Not if there is none to be had: that was waited for."""
    return _here.sent is not None and _here.sent.is_only_reads and connection.connection is not None


async def _visit(patience_s: float, call: Callable[[], T]) -> T:
    context = contextvars.Context()  # asgiref refuses a database thread that inherits its context
    logs.carry_into(context)
    began = monotonic()
    try:
        return await asyncio.wrap_future(_threads().submit(partial(context.run, call), patience_s))
    finally:
        metrics.note_call("database", "later" if patience_s else "now", monotonic() - began)


async def in_db(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous unit of work off the loop and return what it returns or raise what it raises."""
    return await _visit(0.0, partial(_call, function, *args, **kwargs))


async def in_db_later(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `in_db`, for work that nobody waits for: under load it lets the other pass, for a while."""
    return await _visit(PATIENCE_S, partial(_call, function, *args, **kwargs))


def close() -> None:
    """Finish what runs and let the threads and their connections go."""
    global _pool
    if _pool is not None:
        _pool.close()
        _pool = None
