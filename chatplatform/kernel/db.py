"""The one bridge from asyncio to the synchronous ORM.

`in_db(f, …)` runs `f` in a small pool of database threads: one thread for SQLite, where a second
writer would only wait for the lock, several for PostgreSQL. A unit of work is one function; it
opens its own transaction. Connections that broke are dropped after the call that found them so.
"""

import asyncio
import contextvars
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections, connection, connections

P = ParamSpec("P")
T = TypeVar("T")

# Every query lets go of the interpreter's lock and, while the loop is busy, waits this long to get it back. With
# Python's 5 ms a transaction of twenty queries takes a tenth of a second under load; measured with bench/burst.py.
SWITCH_S = 0.0005

_pool: ThreadPoolExecutor | None = None


def _threads() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        size = 1 if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3") else settings.DB_THREADS
        sys.setswitchinterval(SWITCH_S)
        _pool = ThreadPoolExecutor(size, thread_name_prefix="db")
    return _pool


def _call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    # Outside a request Django never reconnects by itself, so a lost server would stay lost.
    if connection.connection is not None and connection.errors_occurred:
        close_old_connections()
    return function(*args, **kwargs)


async def in_db(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a synchronous unit of work off the loop and return what it returns or raise what it raises."""
    loop = asyncio.get_running_loop()
    context = contextvars.Context()  # asgiref refuses a database thread that inherits its context
    call = partial(_call, function, *args, **kwargs)
    return await loop.run_in_executor(_threads(), partial(context.run, call))


def close() -> None:
    """Finish what runs and let the threads and their connections go."""
    global _pool
    if _pool is not None:
        for _ in range(_pool._max_workers):
            _pool.submit(connections.close_all)
        _pool.shutdown(wait=True)
        _pool = None
