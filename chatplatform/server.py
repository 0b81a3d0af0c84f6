"""uvicorn as Parley runs it: our socket protocol, no compression, and a goodbye before the sockets close.

The figures behind the settings are in `docs/decisions/0003-server-and-hub.md`: sansio with uvloop costs the least for each
frame; compressing for every socket apart costs more than all the rest.
"""

import socket
from collections.abc import Callable

import uvicorn

from chatplatform.patience import PatientHttp
from chatplatform.wire import WireProtocol
from messaging import lifecycle
from messaging.protocol import MAX_FRAME_BYTES

PING_S = 20.0
GRACE_S = 5  # how long answers under way may take once the server is told to stop
BACKLOG = 2048


class Server(uvicorn.Server):
    """Listens on a socket that is bound at once, so that a taken port is known before anything else is done.

    Raises OSError for an address that cannot be had. `say` is called when people can come.
    """

    def __init__(self, host: str, port: int, say: Callable[["Server"], None] = lambda server: None) -> None:
        self._say = say
        self._socket = _bound(host, port)
        self.port: int = self._socket.getsockname()[1]
        super().__init__(
            uvicorn.Config(
                "chatplatform.asgi:application",
                host=host,
                port=self.port,
                loop="uvloop",
                http=PatientHttp,
                ws=WireProtocol,
                ws_max_size=MAX_FRAME_BYTES * 2,  # one a little too large gets a word before it is cut off
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                ws_per_message_deflate=False,
                lifespan="on",
                backlog=BACKLOG,
                access_log=False,
                log_config=None,
                proxy_headers=False,  # `kernel/http.py` knows whom to believe
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    @property
    def address(self) -> str:
        """What to type into a browser."""
        host = self.config.host
        if host in {"0.0.0.0", "::"}:  # noqa: S104  every address of this machine
            host = "localhost"
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        super().run(sockets=sockets or [self._socket])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._say(self)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await lifecycle.say_goodbye()
        await super().shutdown(sockets=sockets)


def _bound(host: str, port: int) -> socket.socket:
    """A socket with that address; it listens only when the live side is ready."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
