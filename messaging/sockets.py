"""One person's open socket as the hub sees it: write now if the line is free, else stay behind by a cursor.

The server's `send` is started by hand: when it finishes at once, which is the rule, there is no task, no
queue and no thread hop. A `send` that waits is a reader who is behind: one task finishes it, then sends what
was kept for the socket alone (few frames, bounded) and, of each room, one merged frame since its cursor.
"""

import asyncio
import logging
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any
from uuid import UUID

from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.ids import new_id
from messaging.packets import Packet, pack
from messaging.protocol.frames import Goodbye
from projects.types import PersonView

log = logging.getLogger(__name__)

MAX_QUEUE = 256
MAX_QUEUE_BYTES = 4 * 1024 * 1024
SLOW_AFTER_S = 30.0

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Seat:
    """A socket's place in a room: the last event it was given. Not live while it is still joining."""

    __slots__ = ("epoch", "is_live", "offset", "project_id", "socket", "thread_id")

    def __init__(self, socket: "Socket", thread_id: UUID) -> None:
        self.socket = socket
        self.thread_id = thread_id
        self.project_id: UUID | None = None
        self.epoch = ""
        self.offset = 0
        self.is_live = False


class Socket:
    """`catch_up` is the hub's: the next frame for a seat that is behind, or None when none is."""

    __slots__ = (
        "_finishing", "_queue", "_queue_bytes", "_send", "_wire", "catch_up", "ended", "id", "next_beat", "person",
        "seats", "session_key", "stamp", "topics", "waiting_since",
    )  # fmt: skip

    def __init__(
        self, person: PersonView, session_key: str, stamp: str, send: Send, wire: Any, catch_up: "CatchUp"
    ) -> None:
        self.id = str(new_id())
        self.person = person
        self.session_key = session_key
        self.stamp = stamp  # changes with the person's password; empty: to be learnt
        self.seats: dict[UUID, Seat] = {}
        self.topics: set[str] = set()
        self.ended = asyncio.Event()  # closed by us, or found to be gone
        self.next_beat = 0.0
        self.waiting_since: float | None = None  # a frame waits for the reader since then
        self.catch_up = catch_up
        self._send = send
        self._wire = wire
        self._queue: deque[Packet] = deque()
        self._queue_bytes = 0
        self._finishing: asyncio.Task[None] | None = None

    # -- writing --------------------------------------------------------------------------------

    @property
    def is_free(self) -> bool:
        """A frame would go out now: nothing waits before it."""
        return self._finishing is None and not self.ended.is_set()

    def write(self, packet: Packet) -> None:
        """Send on a line that is free. When the reader is behind, the rest of it is finished in a task."""
        wire = self._wire
        if wire is not None and wire.write(packet.framed):
            return
        self._start(packet.message)

    def push(self, packet: Packet) -> None:
        """Send something meant for this socket alone, after what already waits."""
        if self.is_free:
            self.write(packet)
        elif not self.ended.is_set():
            self._queue.append(packet)
            self._queue_bytes += len(packet.data)
            if len(self._queue) > MAX_QUEUE or self._queue_bytes > MAX_QUEUE_BYTES:
                self.hang_up("it did not read")

    def wake(self) -> None:
        """A seat may be behind although the line is free: send what it lacks."""
        if self.is_free:
            self._finishing = asyncio.get_running_loop().create_task(self._finish(None))

    def drop(self, thread_id: UUID) -> None:
        """Forget what waits of a room that may not be heard any more."""
        self._queue = deque(packet for packet in self._queue if packet.thread_id != thread_id)
        self._queue_bytes = sum(len(packet.data) for packet in self._queue)

    async def settle(self) -> None:
        """Wait until nothing of this socket's own waits: who does not read may not ask for more."""
        while self._queue and not self.ended.is_set() and self._finishing is not None:
            await asyncio.wait({self._finishing})

    def _start(self, message: dict[str, Any]) -> None:
        coroutine = self._send(message)
        if not isinstance(coroutine, Coroutine):  # some servers give another awaitable
            self._finishing = asyncio.get_running_loop().create_task(self._finish(coroutine))
            return
        try:
            waits_for = coroutine.send(None)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001  one socket's trouble must not reach the others
            self._lost(error)
            return
        self._finishing = asyncio.get_running_loop().create_task(self._finish(_rest(coroutine, waits_for)))

    async def _finish(self, first: Awaitable[None] | None) -> None:
        """Finish what waits, then the queue, then every seat that is behind, until the line is free."""
        try:
            if first is not None:
                await self._patiently(first)
            while not self.ended.is_set():
                if self._queue:
                    packet = self._queue.popleft()
                    self._queue_bytes -= len(packet.data)
                elif (missed := await self.catch_up(self)) is not None:
                    packet = missed
                else:
                    break
                await self._patiently(self._send(packet.message))
        except Exception as error:  # noqa: BLE001  as above
            self._lost(error)
        finally:
            # Nothing was awaited since the last look, so no event fell in between.
            self._finishing = None

    async def _patiently(self, sending: Awaitable[None]) -> None:
        self.waiting_since = monotonic()
        try:
            await sending
        finally:
            self.waiting_since = None

    # -- the end --------------------------------------------------------------------------------

    def close(self, code: int, why: str, *, reconnect: bool, after_ms: int = 0) -> None:
        """Say goodbye and close; at once, and without a word, if the reader is behind."""
        if self.ended.is_set():
            return
        if not self.is_free:
            self.hang_up(why)
            return
        self.write(pack(Goodbye(code=why, reconnect=reconnect, after_ms=after_ms)))
        if self.is_free:
            self._start({"type": "websocket.close", "code": code, "reason": why})
        self._end()

    def hang_up(self, why: str) -> None:
        """Drop the line of somebody who does not read, and all that waits for them."""
        if not self.ended.is_set():
            log.info("Socket %s of %s is dropped: %s.", self.id, self.person.id, why)
        if self._wire is not None:
            self._wire.abort()
        self._end()

    def dispose(self) -> None:
        """The connection is over: let go of what still waited for its reader."""
        self._end()
        if self._finishing is not None:
            self._finishing.cancel()

    def _lost(self, error: Exception) -> None:
        if not isinstance(error, OSError | RuntimeError):  # what servers raise when the line is gone
            log.error("Socket %s of %s failed.", self.id, self.person.id, exc_info=error)
        self._end()

    def _end(self) -> None:
        self.ended.set()
        self._queue.clear()
        self._queue_bytes = 0
        for seat in self.seats.values():
            seat.is_live = False

    def __repr__(self) -> str:
        return f"<Socket {self.id} of {self.person.name}>"


CatchUp = Callable[[Socket], Awaitable[Packet | None]]


@types.coroutine
def _rest(coroutine: Coroutine[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """The rest of a coroutine that was started by hand and waits: what it yields goes on to the task."""
    try:
        while True:
            try:
                value = yield waits_for
            except BaseException as error:  # noqa: BLE001  also cancellation belongs to the coroutine
                waits_for = coroutine.throw(error)
            else:
                waits_for = coroutine.send(value)
    except StopIteration:
        return
