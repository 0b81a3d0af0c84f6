"""uvicorn's HTTP protocol with an end to its patience: a request's head comes soon and is small, its body comes.

Without this, whoever opens connections and says nothing, or never ends a header, holds a file or fills memory for as long
as they like. Rests on uvicorn's `parser` callbacks, `transport`, `loop`, `cycle`.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0  # from the first byte, or from connecting, to the end of the headers
BODY_S = 60.0  # from there to the end of the body
MAX_HEAD_BYTES = 64 * 1024
TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"  # RFC 6585 5
)


class PatientHttp(HttpToolsProtocol):
    """One connection. Between requests uvicorn's own keep-alive time counts."""

    _waiting: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _is_in_head = True

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait(HEAD_S)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            if self._waiting is None:
                self._wait(HEAD_S)
            self._head_bytes += len(data)
        super().data_received(data)
        if self._is_in_head and self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._wait(BODY_S)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        self._stop_waiting()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._stop_waiting()
        super().handle_websocket_upgrade()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self, seconds: float) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(seconds, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        """Nothing can be said to who has not asked yet; who is in the middle of a body is told by the end of the line."""
        self._waiting = None
        self.transport.abort()
