"""Every HTTP request gets an id, which its records carry; with LOG_ACCESS=1 each also gets a line when it is answered.

The line has method, path, status and time, and neither query nor address: those may say who asks for what.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from django.conf import settings

from chatplatform.kernel import logs

log = logging.getLogger("chatplatform.access")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


def noted(application: Application) -> Application:
    """The same application, whose requests can be told apart in the log."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        logs.bind(request=secrets.token_hex(6))
        if not settings.IS_ACCESS_LOGGED:
            await application(scope, receive, send)
            return
        status, began = 0, perf_counter()

        async def note(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await application(scope, receive, note)
        finally:
            took_ms = (perf_counter() - began) * 1000
            log.info("%s %s %d in %.1f ms", scope["method"], scope["path"], status, took_ms)

    return call
