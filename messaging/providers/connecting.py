"""One HTTP/1.1 connection to a provider, straight on asyncio: a request goes out, its answer is read as it comes.

httpx's own way (httpcore, h11) is Python for every chunk and cost more than half of a streamed token. Here httptools
reads, which is Node's parser in C and also serves the other side; what it refuses, and what it leaves to its
user, is refused (RFC 9112 6 and 7). All that one wake-up brought is read at once, within bounds.
"""

import asyncio
import re
import ssl
from typing import cast

import httptools
import httpx

MOST_UNREAD = 256 * 1024  # then the other side has to wait
MOST_BARE = 64 * 1024  # of head, chunk sizes and trailers, without a byte of the answer among them

_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_TARGET = re.compile(rb"/[\x21-\x7e]*")

Headers = list[tuple[bytes, bytes]]


def encode(method: str, target: bytes, headers: Headers, body: bytes) -> bytes:
    """A whole request. Raises httpx.LocalProtocolError for what would be read as more than one line, or as none."""
    is_plain = all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers)
    if method not in {"GET", "POST"} or not _TARGET.fullmatch(target) or not is_plain:
        raise httpx.LocalProtocolError("This request cannot be written.")
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target), *(b"%b: %b" % header for header in headers)]
    return b"\r\n".join([*lines, b"", body])


class Connection(asyncio.Protocol):
    """One request at a time: `ask`, then `read` to its end, then perhaps `rest`. Failures are httpx's errors."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._news: asyncio.Future[None] | None = None
        self._is_held = False  # reading, because nobody takes what came
        self._begin(None)

    def _begin(self, parser: httptools.HttpResponseParser | None) -> None:
        self._parser = parser  # None: nobody asked anything
        self.status = 0
        self.headers: Headers = []
        self._unread: list[bytes] = []
        self._unread_bytes = self._bare_bytes = 0
        self._is_sized = False  # the answer says where it ends; else the connection's end does
        self._is_interim = False  # a word on the way (1xx), the answer comes after it
        self._is_whole = self._keeps = False
        self._failure: Exception | None = None

    # -- asyncio's side --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        if self._parser is None:
            self.abort()
            return
        self._bare_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("It wants to speak something else.")
        except httptools.HttpParserError as error:
            self._fail(str(error.__context__ or error))
        if self._bare_bytes > MOST_BARE:
            self._fail("Its head, or what stands between its words, does not end.")
        if self._unread_bytes > MOST_UNREAD and not self._is_held and self._transport is not None:
            self._is_held = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_whole or self._failure is not None:
            pass
        elif exc is not None:
            self._failure = httpx.ReadError(str(exc))
        elif self.status and not self._is_sized:
            self._is_whole = True
        else:
            words = "It ended in the middle of its answer." if self.status else "It closed without an answer."
            self._failure = httpx.RemoteProtocolError(words)
        self._keeps = False
        self._wake()

    def _fail(self, why: str) -> None:
        """What comes cannot be trusted any more; after a whole answer that concerns only the next."""
        self._keeps = False
        if not self._is_whole and self._failure is None:
            self._failure = httpx.RemoteProtocolError(why)
        self.abort()

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)

    # -- the parser's side: what these raise comes out of `feed_data` --------------------------------

    def on_message_begin(self) -> None:
        if self._is_whole:
            raise ValueError("It answers twice.")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status:
            return  # a trailer
        self.headers.append((name, value))
        if name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise ValueError("Its answer is wrapped in an unknown way.")
        self._is_sized |= name.lower() in {b"transfer-encoding", b"content-length"}

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status == 101 or self._parser.get_http_version() not in {"1.0", "1.1"}:
            raise ValueError("It wants to speak something else.")
        self._is_interim = status < 200
        if self._is_interim:
            self.headers, self._is_sized = [], False
        else:
            self.status = status

    def on_body(self, body: bytes) -> None:
        self._unread.append(body)
        self._unread_bytes += len(body)
        self._bare_bytes = 0

    def on_message_complete(self) -> None:
        assert self._parser is not None
        if not self._is_interim:
            self._is_whole, self._keeps = True, self._parser.should_keep_alive()

    # -- the reader's side ---------------------------------------------------------------------------

    async def ask(self, request: bytes) -> None:
        """Send a whole request; returns when `status` and `headers` are the answer's. It is not waited for the
        request to be read: an answer may well come before."""
        if self._transport is None or self._transport.is_closing():
            raise httpx.WriteError("The connection is closed.")
        self._begin(httptools.HttpResponseParser(self))
        self._transport.write(request)
        while not self.status and self._failure is None:
            await self._wait()
        if not self.status and self._failure is not None:
            raise self._failure

    async def read(self) -> bytes:
        """All that came since the last read, as soon as there is something; nothing at the answer's end."""
        while not self._unread and not self._is_whole and self._failure is None:
            await self._wait()
        if not self._unread and self._failure is not None:
            raise self._failure
        data = self._unread[0] if len(self._unread) == 1 else b"".join(self._unread)
        self._unread, self._unread_bytes = [], 0
        if self._is_held and self._transport is not None:
            self._is_held = False
            self._transport.resume_reading()
        return data

    async def _wait(self) -> None:
        self._news = asyncio.get_running_loop().create_future()
        await self._news

    def rest(self) -> bool:
        """Let go of an answer that was read; whether the connection can be asked again."""
        is_written = self._transport is not None and not self._transport.get_write_buffer_size()
        keeps = self._keeps and not self._unread and is_written and self.is_open
        self._begin(None)
        if not keeps:
            self.abort()
        return keeps

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def give_up(self) -> None:
        """The answer takes too long: whoever reads it is given httpx.ReadTimeout after what came."""
        if self._failure is None:
            self._failure = httpx.ReadTimeout("It was silent for too long.")
        self._wake()
        self.abort()

    def abort(self) -> None:
        """At once: nothing that still waits to be written is worth the wait, and a provider stops when it is gone."""
        if self._transport is not None:
            self._transport.abort()


async def connect(number: str, port: int, tls: ssl.SSLContext | None = None, name: str | None = None) -> Connection:
    """Connect to a numeric address, with `tls` as the server of that name. Raises httpx.ConnectError."""
    try:
        _, connection = await asyncio.get_running_loop().create_connection(
            Connection, number, port, ssl=tls, server_hostname=name if tls is not None else None
        )
    except OSError as error:  # ssl.SSLError is one
        raise httpx.ConnectError(str(error)) from error
    return connection
