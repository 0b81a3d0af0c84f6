"""The connection to a provider as httpcore wants it, straight on asyncio.

httpcore's own goes through anyio, which for every chunk builds a timeout, three guards and translated errors, and tells
the kernel to stop and to go on reading: a third of what a streamed token costs. Here what has come is kept, within
bounds, and a read takes all of it at once.
"""

import asyncio
import ssl
from collections.abc import Iterable
from typing import Any, cast

import httpcore

MOST_UNREAD = 256 * 1024  # then the other side has to wait


class Connection(asyncio.Protocol, httpcore.AsyncNetworkStream):
    """One reader and one writer at a time, as httpcore promises. Lost connections are httpcore's errors."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._has_ended = False
        self._failure: Exception | None = None
        self._is_held = False  # reading, because nobody takes what came
        self._news: asyncio.Future[None] | None = None
        self._room: asyncio.Future[None] | None = None  # while what was written has to wait

    # -- asyncio's side --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        self._unread = self._unread + data if self._unread else data
        if len(self._unread) > MOST_UNREAD and not self._is_held and self._transport is not None:
            self._is_held = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._has_ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_ended, self._failure = True, exc
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        if self._room is None:
            self._room = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)

    # -- httpcore's side ---------------------------------------------------------------------------

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore's signature
        if not self._unread and not self._has_ended:
            self._news = asyncio.get_running_loop().create_future()
            if timeout is None:
                await self._news
            else:
                await _within(timeout, self._news, httpcore.ReadTimeout)
        if not self._unread and self._failure is not None:
            raise httpcore.ReadError(str(self._failure)) from self._failure
        data, self._unread = self._unread[:max_bytes], self._unread[max_bytes:]
        if self._is_held and len(self._unread) <= MOST_UNREAD // 2 and self._transport is not None:
            self._is_held = False
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  as above
        if self._transport is None or self._transport.is_closing() or self._failure is not None:
            raise httpcore.WriteError(str(self._failure or "the connection is closed"))
        self._transport.write(buffer)
        if self._room is not None:
            await _within(timeout, self._room, httpcore.WriteTimeout)
            if self._failure is not None:
                raise httpcore.WriteError(str(self._failure)) from self._failure

    async def aclose(self) -> None:
        """At once: nothing that still waits to be written is worth the wait, and a provider stops when it is gone."""
        if self._transport is not None:
            self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  as above
    ) -> "Connection":
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                started = await loop.start_tls(self._transport, self, ssl_context, server_hostname=server_hostname)
        except TimeoutError as error:
            self._transport.abort()
            raise httpcore.ConnectTimeout(str(error)) from error
        except (OSError, ssl.SSLError) as error:
            self._transport.abort()
            raise httpcore.ConnectError(str(error)) from error
        if started is None:  # the other side went away meanwhile
            raise httpcore.ConnectError("the connection was closed")
        self._transport = started
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # asked of an idle connection: is it of no use any more?
            return bool(self._unread) or self._has_ended or self._transport is None or self._transport.is_closing()
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info)) if self._transport is not None else None


async def _within(seconds: float | None, waited: "asyncio.Future[None]", late: type[Exception]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await waited
    except TimeoutError as error:
        raise late(str(error)) from error


async def connect(
    number: str, port: int, local_address: str | None = None, socket_options: Iterable[Any] | None = None
) -> Connection:
    """Connect to a numeric address. Raises httpcore.ConnectError."""
    local = (local_address, 0) if local_address is not None else None
    try:
        transport, connection = await asyncio.get_running_loop().create_connection(
            Connection, number, port, local_addr=local
        )
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from error
    for option in socket_options or ():
        transport.get_extra_info("socket").setsockopt(*option)
    return connection
