"""HTTP to Django, sockets to messaging; the live side starts and stops with the server's lifespan.

A server without a lifespan (daphne under `runserver`) gets the live side with its first request.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any, cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatplatform.settings")
django_application = get_asgi_application()

from chatplatform.access_log import noted  # noqa: E402  as below
from chatplatform.body_limit import limited  # noqa: E402
from messaging import lifecycle  # noqa: E402  models need the apps loaded
from messaging.routing import route  # noqa: E402

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]

_http = noted(limited(cast(Any, django_application)))


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    await lifecycle.start()  # done already, unless nobody told us of a lifespan
    if scope["type"] == "websocket":
        await route(scope, receive, send)
    else:
        await _http(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    await receive()  # lifespan.startup
    try:
        await lifecycle.start()
    except Exception as error:
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        raise
    await send({"type": "lifespan.startup.complete"})
    await receive()  # lifespan.shutdown
    await lifecycle.stop()
    await send({"type": "lifespan.shutdown.complete"})
