"""Who may open a socket: a page of ours, in the name of somebody who is signed in, and not without end.

A page of somebody else is refused before anything is accepted. Whoever is refused for another reason is
accepted first and then told why, for a browser cannot see the reason of a refused handshake.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import parse_cookie

from chatplatform.kernel import limits
from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import TooMany
from chatplatform.kernel.http import address_of
from messaging import origins
from messaging.hub import hub
from messaging.packets import pack
from messaging.protocol.frames import Goodbye
from projects.models import User
from projects.sessions import session_user

log = logging.getLogger(__name__)

MAX_SOCKETS = 20  # of one person, in each process
STRANGERS = "120/minute"  # handshakes without a session, of one address

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def admit(scope: Scope, send: Send) -> tuple[User, str] | None:
    """Accept the socket: its person and their session's key. None: it was refused, and is closed."""
    if not origins.is_own(scope):
        await send({"type": "websocket.close"})
        return None
    address, key = _address(scope), _session_key(scope)
    try:
        user = await in_db(_who, address, key)
    except TooMany:
        await send({"type": "websocket.close"})
        return None
    except DatabaseError:
        log.exception("Who opens a socket could not be looked up.")
        await send({"type": "websocket.accept"})
        await _turn_away(send, 1013, Goodbye("unavailable", reconnect=True, after_ms=1000))
        return None
    await send({"type": "websocket.accept"})
    if user is None or key is None:
        await in_db(_count_stranger, address)
        await _turn_away(send, 4401, Goodbye("signed_out", reconnect=False))
        return None
    if hub().count(user.pk) >= MAX_SOCKETS:
        await _turn_away(send, 4409, Goodbye("too_many_sockets", reconnect=True, after_ms=30_000))
        return None
    return user, key


def _who(address: str, key: str | None) -> User | None:
    if limits.left("strangers", address, STRANGERS) <= 0:
        raise TooMany("That was a lot at once.")
    return session_user(key)


def _address(scope: Scope) -> str:
    headers = dict(scope["headers"])
    forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1")
    return address_of((scope.get("client") or ("", 0))[0], forwarded)


def _session_key(scope: Scope) -> str | None:
    """Read as Django reads cookies: what other programs on this host have set does not hide ours."""
    for name, value in scope["headers"]:
        if name.lower() == b"cookie":
            found = parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            if found:
                return str(found)
    return None


def _count_stranger(address: str) -> None:
    try:
        limits.hit("strangers", address, STRANGERS)
    except TooMany:
        log.info("Handshakes without a session from %s are refused for a while.", address)


async def _turn_away(send: Send, code: int, goodbye: Goodbye) -> None:
    await send(pack(goodbye).message)
    await send({"type": "websocket.close", "code": code, "reason": goodbye.code})
