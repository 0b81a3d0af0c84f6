"""uvicorn's WebSocket protocol with a short cut: ready-made frames, and a way to hang up on whoever does not read.

A room's frame is the same bytes for every socket (RFC 6455 5.2: a server's frames are not masked), so it
is framed once and written straight to each transport. The scope's extension `parley.wire` offers both; a
server without it is served through plain `send`. Rests on uvicorn's `conn`, `transport`, `writable`, `close_sent`, `disconnected`.
"""

from typing import Any, Protocol

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

EXTENSION = "parley.wire"
# What a reader may be behind before `send` waits for it, in bytes. The kernel's buffers come on top.
HIGH_WATER = 64 * 1024


class Wire(Protocol):
    """The short cut, as the hub sees it."""

    def write(self, frame: bytes) -> bool:
        """Write a whole frame now. False: the reader is behind or gone; nothing was written."""

    def abort(self) -> None:
        """Drop the connection at once, and what it has not read."""


class WireProtocol(WebSocketsSansIOProtocol):
    """One connection. `pause_writing` clears `writable`, which `send` and `write` both obey."""

    async def run_asgi(self) -> None:
        extensions: dict[str, Any] = self.scope["extensions"]
        if not self.conn.extensions:  # a compressed frame differs from socket to socket
            extensions[EXTENSION] = self
        self.transport.set_write_buffer_limits(HIGH_WATER)
        await super().run_asgi()

    def write(self, frame: bytes) -> bool:
        is_open = self.conn.state is State.OPEN and not (self.close_sent or self.disconnected)
        if not is_open or not self.writable.is_set():
            return False
        self.transport.write(frame)
        return True

    def handle_ping(self) -> None:
        """Who does not take answers is not owed more of them: else pings without end would fill this process."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def keepalive_timeout(self) -> None:
        """Also where the farewell cannot be written, because nothing is read any more."""
        super().keepalive_timeout()
        self.transport.abort()

    def abort(self) -> None:
        self.transport.abort()
