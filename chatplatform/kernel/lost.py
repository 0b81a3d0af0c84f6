"""How a lost PostgreSQL is told from a mistake of ours, before a connection is used and after an error.

Nothing here talks to the server: it looks at a socket, at an error and what caused it, and at what was sent.
"""

import select
from collections.abc import Callable, Iterator
from typing import Any

from django.db import InterfaceError, OperationalError, connection

# What the server says when it cannot work now, whatever it is asked: SQLSTATE classes and codes of PostgreSQL's manual,
# appendix A: no connection, no resources left (disk, memory, connections), shutting down or starting, its files fail.
_CANNOT_WORK = ("08", "53", "57P", "58")
_HAS_NO_ROOM = ("53", "58")
# How the ORM's own reads begin. Other statements may be harmless, too; but these call nothing that writes.
_READS = ('SELECT "', 'SELECT DISTINCT "', "SELECT COUNT(", "SELECT 1 ")


def has_ended(held: Any) -> bool:
    """Is this idle connection dead, as far as can be known here? Costs one look at its socket.

    A server says nothing unasked but that it ends. (Should it say something harmless, a new connection costs little.)
    """
    if held.closed:
        return True
    looking = select.poll()
    looking.register(held.fileno(), select.POLLIN)
    return bool(looking.poll(0))


def leave_idle() -> None:
    """Let the pool replace what lies in it. Else whoever comes next finds it dead piece by piece, and waits between two."""
    pool: Any = connection.pool  # type: ignore[attr-defined]
    if pool is not None:
        pool.drain()


def is_away(error: BaseException) -> bool:
    """Did the database go, stay away, or say that it cannot work now, whatever this error was made of that?

    Libraries wrap errors, and libpq gives some of them no code: so their causes are asked, down to the driver's own. What
    became of the connection does not tell: Django replaces one that broke in a transaction before the error is seen.
    """
    if (cause := _said_by_driver(error)) is not None:
        if code := str(cause.sqlstate or ""):
            return code.startswith(_CANNOT_WORK)
        driver: Any = connection.Database  # type: ignore[attr-defined]  # psycopg; the stubs know no backend's own
        return isinstance(cause, driver.OperationalError) or type(cause) is driver.DatabaseError
    return isinstance(error, OperationalError | InterfaceError)


def is_cut(error: BaseException) -> bool:
    """Of one that is away: was the connection lost, too? Not where the server is there and says that it has no room."""
    cause = _said_by_driver(error)
    return cause is None or not str(cause.sqlstate or "").startswith(_HAS_NO_ROOM)


def is_gone() -> bool:
    """Has this thread no connection, or one that broke? What Django refuses to do then is no mistake of ours either."""
    return connection.connection is None or bool(connection.connection.closed)


def _said_by_driver(error: BaseException) -> Any:
    if connection.vendor != "postgresql":
        return None
    driver: Any = connection.Database  # type: ignore[attr-defined]
    return next((cause for cause in causes(error) if isinstance(cause, driver.Error)), None)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, once each: procrastinate makes a circle of them."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__


class Sent:
    """Watches what one thread sends to the database: has anything but reads gone out since `forget`?"""

    def __init__(self) -> None:
        self.is_only_reads = True
        connection.execute_wrappers.append(self._note)

    def forget(self) -> None:
        self.is_only_reads = True

    def _note(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        if not (isinstance(sql, str) and sql.startswith(_READS)):
            self.is_only_reads = False
        return execute(sql, params, many, context)
