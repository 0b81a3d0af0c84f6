"""What machines ask of a process: does it live, is it ready, what does it count. One answer for servers and workers.

`/livez` says that the loop turns. `/readyz` says what answers and what is down since when, by name and without a reason:
strangers may read it. `/metrics` is for this machine, or for who shows PARLEY_METRICS_TOKEN.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from chatplatform.kernel import metrics
from chatplatform.kernel.errors import NotFound
from chatplatform.kernel.http import problem
from messaging.health import health

PATHS = ("/livez", "/readyz", "/metrics")
LINE_S = 5.0
MAX_LINES = 100
_FORWARDED = ("x-forwarded-for", "x-forwarded-host", "forwarded", "via", "x-real-ip")


class Answer(NamedTuple):
    status: int
    kind: str
    body: bytes


def live() -> Answer:
    return Answer(200, "text/plain", b"ok")


def ready() -> Answer:
    """200 when everything answers, else 503; the same JSON in both cases."""
    parts = {
        name: {"status": "up" if state.is_up else "down", "since": state.since.isoformat(timespec="seconds")}
        for name, state in sorted(health().now().items())
    }
    is_ready = health().is_ready
    words = {
        "status": "ready" if is_ready else "not ready",
        "down": [n for n, p in parts.items() if p["status"] == "down"],
    }
    return Answer(200 if is_ready else 503, "application/json", msgspec.json.encode({**words, "parts": parts}))


def counted() -> Answer:
    return Answer(200, metrics.CONTENT_TYPE, metrics.text())


def may_count(peer: str, headers: Mapping[str, str]) -> bool:
    """With a token: who shows it. Without: this machine itself, as long as nobody can come through a proxy of it."""
    if token := settings.METRICS_TOKEN:
        return hmac.compare_digest(headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    if settings.IS_BEHIND_PROXY or settings.PUBLIC_URL or any(name in headers for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False


# -- at a server's own port --------------------------------------------------------------------------


def _response(answer: Answer) -> HttpResponse:
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.kind)
    response["Cache-Control"] = "no-store"
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django would call each 503 an error; `health` has said it
    return response


@require_safe
async def livez(request: HttpRequest) -> HttpResponse:
    return _response(live())


@require_safe
async def readyz(request: HttpRequest) -> HttpResponse:
    return _response(ready())


@require_safe
async def metrics_page(request: HttpRequest) -> HttpResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not may_count(request.META.get("REMOTE_ADDR", ""), headers):
        return problem(request, NotFound("There is nothing here for you."))
    return _response(counted())


# -- at a port of its own, for a process without pages ----------------------------------------------------


async def serve(host: str, port: int) -> asyncio.Server:
    """Answer the three paths on a port of their own, until the returned server is closed. Raises OSError."""
    return await asyncio.start_server(_talk, host, port, limit=8192)


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(LINE_S):
            answer = _answer(*await _read(reader), peer=str(writer.get_extra_info("peername")[0]))
            head = (
                f"HTTP/1.1 {answer.status} \r\nContent-Type: {answer.kind}\r\nContent-Length: {len(answer.body)}\r\n"
                "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
            )
            writer.write(head.encode() + answer.body)
            await writer.drain()
    except (TimeoutError, OSError, ValueError):
        pass  # whoever asks like that is told nothing
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """Method, path and headers of one request. Raises ValueError for what is none."""
    method, path, _ = (await reader.readline()).decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    for _ in range(MAX_LINES):
        line = (await reader.readline()).decode("latin-1").strip()
        if not line:
            return method, path.partition("?")[0], headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ValueError("too many headers")


def _answer(method: str, path: str, headers: dict[str, str], peer: str) -> Answer:
    nothing = Answer(404, "text/plain", b"nothing here")
    if method not in {"GET", "HEAD"} or path not in PATHS:
        return nothing
    if path == "/metrics":
        return counted() if may_count(peer, headers) else nothing
    return live() if path == "/livez" else ready()
