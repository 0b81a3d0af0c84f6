"""The HTTP client to one provider: connections only to checked addresses, no proxy, no redirect, no cookie.

Host and SNI stay the name that was asked for; only the socket's address is the checked number.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy

import certifi
import httpx

from chatplatform.kernel.clock import monotonic
from messaging.providers import addresses
from messaging.providers.connecting import Connection, connect, encode

IDLE_CONNECTIONS = 32
IDLE_S = 30.0


class CheckedTransport(httpx.AsyncBaseTransport):
    """Asks one origin and keeps the connections that can be asked again. How many there are, the limiter bounds; how long
    an answer may take is its reader's to say: there is no timeout but for connecting."""

    def __init__(
        self, origin: addresses.Origin, *, is_private_allowed: bool, keeps_connections: bool, tls: ssl.SSLContext | None
    ) -> None:
        self._origin = origin
        self._is_private_allowed = is_private_allowed
        self._keeps_connections = keeps_connections
        self._tls = tls
        self._open: set[Connection] = set()
        self._idle: deque[tuple[float, Connection]] = deque()  # since when; the latest last

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url, origin = request.url, self._origin
        port = url.port or (443 if url.scheme == "https" else 80)
        if (url.scheme, url.raw_host.decode(), port) != (origin.scheme, origin.host, origin.port):
            raise httpx.UnsupportedProtocol(f"This client asks {origin.url} alone.")
        written = encode(request.method, url.raw_path, request.headers.raw, await request.aread())
        timeouts = request.extensions.get("timeout", {})
        connection = self._take_idle() or await self._connect(timeouts.get("connect"))
        self._open.add(connection)
        try:
            await connection.ask(written)
        except BaseException:
            self._drop(connection)
            raise
        is_kept = self._keeps_connections and request.headers.get("connection", "").lower() != "close"
        return httpx.Response(
            connection.status,
            headers=connection.headers,
            stream=_Answer(self, connection, is_kept=is_kept),
            extensions={"network_stream": connection},
        )

    def release(self, connection: Connection, *, is_kept: bool) -> None:
        """Whoever asked is done with the answer: keep the connection, or end it with what was not read."""
        self._open.discard(connection)
        if connection.rest() and is_kept:
            self._idle.append((monotonic(), connection))
        else:
            connection.abort()
        while self._idle and (len(self._idle) > IDLE_CONNECTIONS or monotonic() - self._idle[0][0] > IDLE_S):
            self._idle.popleft()[1].abort()

    def _take_idle(self) -> Connection | None:
        while self._idle:
            since, connection = self._idle.pop()
            if connection.is_open and monotonic() - since <= IDLE_S:
                return connection
            connection.abort()
        return None

    def _drop(self, connection: Connection) -> None:
        self._open.discard(connection)
        connection.abort()

    async def _connect(self, within_s: float | None) -> Connection:
        host, port = self._origin.host, self._origin.port
        try:
            async with asyncio.timeout(within_s):
                numbers = await addresses.resolve(host, port, is_private_allowed=self._is_private_allowed)
                failure: Exception = httpx.ConnectError("no address")
                for number in numbers:
                    try:
                        return await connect(number, port, self._tls, host)
                    except httpx.ConnectError as error:
                        failure = error
                raise failure
        except TimeoutError as error:
            raise httpx.ConnectTimeout(str(error)) from error

    async def aclose(self) -> None:
        for connection in (*self._open, *(connection for _, connection in self._idle)):
            connection.abort()
        self._idle.clear()


class _Answer(httpx.AsyncByteStream):
    def __init__(self, transport: CheckedTransport, connection: Connection, *, is_kept: bool) -> None:
        self._transport = transport
        self._connection: Connection | None = connection
        self._is_kept = is_kept

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._connection is not None and (data := await self._connection.read()):
            yield data

    async def aclose(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            self._transport.release(connection, is_kept=self._is_kept)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The system's authorities and certifi's. One for all providers: making it costs tens of milliseconds."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def client(
    origin: addresses.Origin,
    headers: dict[str, str],
    *,
    connect_s: float,
    is_private_allowed: bool,
    keeps_connections: bool = True,
) -> httpx.AsyncClient:
    """Make the client of one provider, to be kept and reused; `close` ends its connections."""
    return httpx.AsyncClient(
        base_url=origin.url + "/",
        headers={"Accept-Encoding": "identity", "User-Agent": "parley", **headers},
        transport=CheckedTransport(
            origin,
            is_private_allowed=is_private_allowed,
            keeps_connections=keeps_connections,
            tls=_tls() if origin.scheme == "https" else None,
        ),
        timeout=httpx.Timeout(None, connect=connect_s),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
