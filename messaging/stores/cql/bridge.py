"""From the driver's threads into asyncio: ask, wait without blocking, ask again when an answer does not come.

Answers that arrive together wake the loop once. At most `IN_FLIGHT` requests are with the servers at a time; the others
wait here, and equal reads among those that wait become one. A read never joins one that is under way already: that may
have begun before a write that its reader knows of. Whatever cannot be answered is `Unavailable`.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import cassandra
from cassandra.cluster import NoHostAvailable, ResultSet
from cassandra.connection import ConnectionException
from cassandra.protocol import IsBootstrappingErrorMessage, OverloadedErrorMessage, ServerError
from cassandra.query import BatchStatement, BatchType, BoundStatement, Statement
from django.db import connections

from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import AppError, Unavailable
from messaging.stores.cql import connection, schema
from messaging.stores.cql.rows import Values

log = logging.getLogger(__name__)

IN_FLIGHT = 128
TRIES = 3
PAUSE_S = 0.1
AWAY_S = 1.0  # how long nobody tries to connect after a try that failed

# What may be well in a moment. A write's outcome is unknown then; it is repeated all the same: a repeat changes nothing.
_PASSING = (
    cassandra.OperationTimedOut,
    cassandra.Timeout,
    cassandra.Unavailable,
    cassandra.CoordinationFailure,
    NoHostAvailable,
    ConnectionException,
    OverloadedErrorMessage,
    IsBootstrappingErrorMessage,
    ServerError,
)
_MISTAKES = (cassandra.DriverException, cassandra.RequestValidationException)


class Write(NamedTuple):
    statement: str
    values: Values


class Page(NamedTuple):
    """Some rows, and where the next page begins; None: there is none. A short page says nothing."""

    rows: list[Any]
    more: bytes | None


class Bridge:
    """Belongs to the loop that first asks."""

    def __init__(self, servers: connection.Servers) -> None:
        self._servers = servers
        self._connected: connection.Connected | None = None
        self._connecting: asyncio.Task[connection.Connected] | None = None
        self._failed_at = -AWAY_S
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._waiting: dict[tuple[str, Values, int], asyncio.Task[Page]] = {}
        self._answers: deque[tuple[asyncio.Future[Page], Page | None, BaseException | None]] = deque()
        self._is_woken = False

    # -- asking -------------------------------------------------------------------------------------------

    async def write(self, *writes: Write) -> None:
        """One write, or several of one partition, which then happen together."""
        here = await self._connect()
        bound = [here.prepared[write.statement].bind(write.values) for write in writes]
        if len(bound) == 1:
            await self._ask(bound[0])
            return
        batch = BatchStatement(BatchType.UNLOGGED)
        batch.is_idempotent = True
        for statement in bound:
            batch.add(statement)
        await self._ask(batch)

    async def read(self, statement: str, *values: Any) -> list[Any]:
        """All rows, page after page."""
        page = await self.page(statement, values)
        rows = page.rows
        while page.more is not None:
            page = await self.page(statement, values, page.more)
            rows.extend(page.rows)
        return rows

    async def page(self, statement: str, values: Values, after: bytes | None = None, size: int = 1000) -> Page:
        """About `size` rows from where another page ended."""
        if after is not None:
            return await self._page(statement, values, after, size)
        key = (statement, values, size)
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = asyncio.get_running_loop().create_task(self._first_page(key))
            waiting.add_done_callback(_heard)
        page = await asyncio.shield(waiting)
        return Page(list(page.rows), page.more)

    async def _first_page(self, key: tuple[str, Values, int]) -> Page:
        statement, values, size = key
        try:
            await self._connect()
            await self._room.acquire()
            self._room.release()
        finally:
            del self._waiting[key]  # it begins: from here on nobody joins
        return await self._page(statement, values, None, size)

    async def _page(self, statement: str, values: Values, after: bytes | None, size: int) -> Page:
        bound: BoundStatement = (await self._connect()).prepared[statement].bind(values)
        bound.fetch_size = size
        return await self._ask(bound, after)

    async def _ask(self, statement: Statement, after: bytes | None = None) -> Page:
        for number in range(1, TRIES + 1):
            try:
                return await self._once(statement, after)
            except _PASSING as error:
                if number == TRIES:
                    log.warning("The CQL servers do not answer: %s", connection.reason_of(error))
                    raise _away() from error
                await asyncio.sleep(PAUSE_S * number)
            except _MISTAKES as error:
                log.exception("The CQL servers refuse a statement.")
                raise _away() from error
        raise AssertionError("unreachable")

    async def _once(self, statement: Statement, after: bytes | None) -> Page:
        session = (await self._connect()).session
        loop = asyncio.get_running_loop()
        await self._room.acquire()
        answer: asyncio.Future[Page] = loop.create_future()
        try:
            sent = session.execute_async(statement, paging_state=after)
        except BaseException:
            self._room.release()
            raise
        sent.add_callbacks(partial(self._came, loop, answer, sent), partial(self._failed_to_come, loop, answer))
        return await answer

    # -- answers: in a thread of the driver's ----------------------------------------------------------------

    def _came(self, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Page]", sent: Any, rows: Any) -> None:
        found = ResultSet(sent, rows)
        self._hand_over(loop, answer, Page(list(found.current_rows), found.paging_state), None)

    def _failed_to_come(
        self, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[Page]", error: BaseException
    ) -> None:
        self._hand_over(loop, answer, None, error)

    def _hand_over(
        self,
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[Page]",
        page: Page | None,
        error: BaseException | None,
    ) -> None:
        self._answers.append((answer, page, error))
        if not self._is_woken:  # whoever comes before the loop has looked is seen by the same look
            self._is_woken = True
            try:
                loop.call_soon_threadsafe(self._look)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._answers.clear()

    def _look(self) -> None:
        self._is_woken = False
        while self._answers:
            answer, page, error = self._answers.popleft()
            self._room.release()
            if answer.done():  # whoever asked was cancelled
                continue
            if error is not None:
                answer.set_exception(error)
            elif page is not None:
                answer.set_result(page)

    # -- the connection ----------------------------------------------------------------------------------------

    async def _connect(self) -> connection.Connected:
        """The connection; the first who ask make it together, and a failure is told to all for a while."""
        if self._connected is not None:
            return self._connected
        if monotonic() - self._failed_at < AWAY_S:
            raise _away()
        if self._connecting is None:
            self._connecting = asyncio.get_running_loop().create_task(self._connect_now())
            self._connecting.add_done_callback(_heard)
        return await asyncio.shield(self._connecting)

    async def _connect_now(self) -> connection.Connected:
        try:
            self._connected = await asyncio.to_thread(_connected, self._servers)
        except AppError as error:
            log.warning("%s", error.message)
            self._failed_at = monotonic()
            raise _away() from error
        finally:
            self._connecting = None
        return self._connected

    async def close(self) -> None:
        self._connected = None
        await asyncio.to_thread(connection.close_all)


def _connected(servers: connection.Servers) -> connection.Connected:
    """The connection; whoever comes first makes the tables, should they have been out of reach when we started."""
    try:
        return connection.connected(servers)
    except connection.NoSchema:
        try:
            schema.apply(servers, say=log.info)
        finally:
            connections.close_all()  # this thread's own
        return connection.connected(servers)


def _heard(task: "asyncio.Task[Any]") -> None:
    """Its error was told to whoever waited; all of them may have been cancelled."""
    if not task.cancelled():
        task.exception()


def _away() -> Unavailable:
    return Unavailable("The message store does not answer. It goes again by itself.", "store")


def many(values: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """`values` in runs of at most `size`."""
    return [values[start : start + size] for start in range(0, len(values), size)]
