"""Who may open a socket: only a page of ours, only somebody signed in, and not without end."""

import asyncio
import json
from typing import Any

import pytest
import websockets
from django.db import OperationalError

from messaging import handshake as door
from messaging import hub, origins
from projects.models import User
from tests.messaging.conftest import Live, session_of


async def handshake(live: Live, origin: str | None, **headers: str) -> int:
    """The status of the handshake; 101 when it was accepted."""
    url = f"ws://127.0.0.1:{live.server.port}/ws"
    try:
        async with websockets.connect(
            url,
            origin=websockets.Origin(origin) if origin is not None else None,
            additional_headers=headers,
            compression=None,
        ):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


FOREIGN = [
    None,
    "null",
    "",
    "http://evil.example",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "http://evil.example:{port}",
    "http://sub.127.0.0.1:{port}",
    "http://127.0.0.1:{port}@evil.example",
    "http://user@127.0.0.1:{port}",
    "http://localhost:{port}",
    "file://127.0.0.1:{port}",
    "http://127.0.0.1:{port}/page",
    "http://[::1]:{port}",
    "http://127.0.0.1:99999",
    "chrome-extension://abcdef",
]


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_somebody_else_is_refused_before_anything(live: Live, alice: User, origin: str | None) -> None:
    cookie = f"parley={await session_of(alice)}"
    given = origin.format(port=live.server.port) if origin is not None else None
    assert await handshake(live, given, Cookie=cookie) == 403
    assert not hub.hub().sockets


async def test_our_own_page_is_let_in(live: Live, alice: User) -> None:
    cookie = f"parley={await session_of(alice)}"
    assert await handshake(live, live.url, Cookie=cookie) == 101
    assert await handshake(live, live.url.upper().replace("HTTP", "http"), Cookie=cookie) == 101


async def test_a_host_that_is_not_ours_is_refused_whatever_the_origin(live: Live, alice: User) -> None:
    """DNS rebinding: evil.example resolves to this machine, and its page is "same origin" with it."""
    scope = {
        "scheme": "ws",
        "headers": [(b"host", b"evil.example:8000"), (b"origin", b"http://evil.example:8000")],
    }
    assert not origins.is_own(scope)


def test_the_public_address_decides_behind_a_proxy(settings: Any) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    headers = [(b"host", b"chat.example.org")]
    assert origins.is_own({"scheme": "ws", "headers": [*headers, (b"origin", b"https://chat.example.org")]})
    assert not origins.is_own({"scheme": "ws", "headers": [*headers, (b"origin", b"https://chat.example.org:8443")]})
    settings.PUBLIC_URL, settings.IS_BEHIND_PROXY = "", True
    forwarded = [*headers, (b"x-forwarded-proto", b"https"), (b"origin", b"https://chat.example.org")]
    assert origins.is_own({"scheme": "ws", "headers": forwarded})
    settings.IS_BEHIND_PROXY = False
    assert not origins.is_own({"scheme": "ws", "headers": forwarded})


def test_a_header_sent_twice_is_not_believed(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["ours"]
    origin = (b"origin", b"http://ours")
    assert origins.is_own({"scheme": "ws", "headers": [(b"host", b"ours"), origin]})
    assert not origins.is_own({"scheme": "ws", "headers": [(b"host", b"ours"), origin, (b"origin", b"http://evil")]})
    assert not origins.is_own({"scheme": "ws", "headers": [(b"host", b"ours"), (b"host", b"evil"), origin]})


@pytest.mark.parametrize("cookie", ["", "parley=", "parley=0123456789abcdefghijklmnopqrstuv", "parley=é; ==;;", "x"])
async def test_without_a_session_one_is_told_to_sign_in(live: Live, cookie: str) -> None:
    async with websockets.connect(
        f"ws://127.0.0.1:{live.server.port}/ws",
        origin=websockets.Origin(live.url),
        additional_headers={"Cookie": cookie},
        compression=None,
    ) as socket:
        assert json.loads(await socket.recv()) == {"type": "goodbye", "code": "signed_out", "reconnect": False}
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401


async def test_odd_cookies_of_others_do_not_hide_ours(live: Live, alice: User) -> None:
    cookie = f'a={{"json": [1,2]}}; b c; =x; parley={await session_of(alice)}; d@e=f'
    assert await handshake(live, live.url, Cookie=cookie) == 101
    async with websockets.connect(
        f"ws://127.0.0.1:{live.server.port}/ws",
        origin=websockets.Origin(live.url),
        additional_headers={"Cookie": cookie},
        compression=None,
    ) as socket:
        assert json.loads(await socket.recv())["type"] == "hello"


async def test_strangers_who_knock_for_ever_are_not_asked_any_more(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "STRANGERS", "3/minute")
    statuses = [await handshake(live, live.url) for _ in range(5)]
    assert statuses == [101, 101, 101, 403, 403]


async def test_while_nobody_can_be_looked_up_one_is_told_to_come_back(
    live: Live, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refused handshake says no reason: a client would take a database that restarts for "this page is not ours"."""

    def away(key: str | None) -> User | None:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(door, "session_user", away)
    async with websockets.connect(
        f"ws://127.0.0.1:{live.server.port}/ws",
        origin=websockets.Origin(live.url),
        additional_headers={"Cookie": f"parley={await session_of(alice)}"},
        compression=None,
    ) as socket:
        told = json.loads(await socket.recv())
        assert told == {"type": "goodbye", "code": "unavailable", "reconnect": True, "after_ms": 1000}
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1013


async def test_one_person_has_a_number_of_sockets_and_no_more(
    live: Live, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MAX_SOCKETS", 2)
    first, _ = await live.tab(alice), await live.tab(alice)
    with pytest.raises(AssertionError, match="too_many_sockets"):
        await live.tab(alice)
    await live.tab(bob)
    await first.disconnect()
    while hub.hub().count(alice.id) > 1:
        await asyncio.sleep(0.01)
    await live.tab(alice)


async def test_another_address_has_no_socket(live: Live, alice: User) -> None:
    with pytest.raises(websockets.InvalidStatus, match="403"):
        async with websockets.connect(
            f"ws://127.0.0.1:{live.server.port}/ws/other", origin=websockets.Origin(live.url), compression=None
        ):
            pass


async def test_compression_is_never_agreed_on(live: Live, alice: User) -> None:
    async with websockets.connect(
        f"ws://127.0.0.1:{live.server.port}/ws",
        origin=websockets.Origin(live.url),
        additional_headers={"Cookie": f"parley={await session_of(alice)}"},
    ) as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_hello_says_who_and_what(live: Live, alice: User) -> None:
    client = await live.tab(alice)
    hello = client.hello
    assert hello["user"] == {"id": str(alice.id), "name": "Alice"}
    assert hello["protocol"] == 1
    assert hello["limits"]["max_body_bytes"] == 262144
