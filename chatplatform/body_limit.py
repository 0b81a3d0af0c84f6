"""The most that a request may carry, counted while it arrives.

Django takes in the whole body before it looks at anything, to a file on disk if need be; so what is too much is
refused in front of it, by what the request says of itself and, where it says nothing, by counting.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
from django.conf import settings

from chatplatform.middleware import too_large

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Receive, Send], Awaitable[None]]


def limited(application: Application) -> Application:
    """The application, hearing at most `DATA_UPLOAD_MAX_MEMORY_SIZE` bytes of each request."""

    async def run(scope: Any, receive: Receive, send: Send) -> None:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if _announced(scope) > most:
            await _refuse(send)
            return
        heard = 0

        async def counted() -> Message:
            nonlocal heard
            message = await receive()
            heard += len(message.get("body", b""))
            # To the application it looks as if the sender went away: it lets go of what it has and says nothing.
            return {"type": "http.disconnect"} if heard > most else message

        await application(scope, counted, send)
        if heard > most:
            await _refuse(send)

    return run


def _announced(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(send: Send) -> None:
    error = too_large()
    body = msgspec.json.encode(
        {"type": "about:blank", "title": "TooLarge", "status": 413, "code": error.code, "detail": error.message}
    )
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # what is still on its way is not read
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
