"""Which socket address leads where: one."""

from collections.abc import Awaitable, Callable
from typing import Any

from messaging.consumers import socket_application

PATHS = {"/ws": socket_application}


async def route(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Hand a socket to its application; any other address is refused before it is accepted."""
    application = PATHS.get(scope["path"])
    if application is None:
        await receive()
        await send({"type": "websocket.close", "code": 4404})
        return
    await application(scope, receive, send)
