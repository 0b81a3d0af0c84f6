"""The HTTP client to one provider: connections only to checked addresses, no proxy, no redirect, no cookie.

Host and SNI stay the name that was asked for; only the socket's address is the checked number.
"""

import asyncio
import ssl
import sys
from collections.abc import Iterable
from functools import lru_cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import certifi
import httpcore
import httpx

from messaging.providers import addresses
from messaging.providers.connecting import connect

# httpcore asks for this package whenever it takes a lock. Where it is not installed, each time is a search of the whole
# path, a fifth of the loop's work while many answers stream; None says at once that there is none.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

IDLE_CONNECTIONS = 32
IDLE_S = 30.0


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks, and connects to what was checked."""

    def __init__(self, *, is_private_allowed: bool) -> None:
        self._is_private_allowed = is_private_allowed

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                numbers = await addresses.resolve(host, port, is_private_allowed=self._is_private_allowed)
                failure: Exception = httpcore.ConnectError("no address")
                for number in numbers:
                    try:
                        return await connect(number, port, local_address, socket_options)
                    except httpcore.ConnectError as error:
                        failure = error
                raise failure
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error

    async def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> Any:  # noqa: ASYNC109
        raise httpcore.ConnectError("no provider listens on a file")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class CheckedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a pool that connects as above; httpx has no argument for it (0.28)."""

    def __init__(self, *, is_private_allowed: bool, is_https: bool, keeps_connections: bool) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=_tls() if is_https else None,
            max_connections=None,  # the limiter bounds them
            max_keepalive_connections=IDLE_CONNECTIONS if keeps_connections else 0,
            keepalive_expiry=IDLE_S,
            network_backend=CheckedBackend(is_private_allowed=is_private_allowed),
        )


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The system's authorities and certifi's. One for all providers: making it costs tens of milliseconds."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
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
            is_private_allowed=is_private_allowed,
            is_https=origin.scheme == "https",
            keeps_connections=keeps_connections,
        ),
        timeout=httpx.Timeout(None, connect=connect_s, write=30.0),
        follow_redirects=False,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )
