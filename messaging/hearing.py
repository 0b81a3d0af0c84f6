"""One room as it is heard in this process: its seats, what they were given last, and how a hole is filled.

In: events with their offsets, in order but for what was lost on the way. Out: one packet, the same bytes for every seat
that has all before it. Seats that have not are woken; each then reads the stream for itself.
"""

import asyncio
import logging
from collections.abc import Sequence
from time import perf_counter
from uuid import UUID

from chatplatform.kernel import metrics
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import Unavailable
from messaging.packets import merge, pack_events
from messaging.sockets import Seat, Socket
from messaging.streams.base import StreamLog
from messaging.types import Cursor

log = logging.getLogger(__name__)

BREATH = 250  # sockets written in one go before the loop gets its turn
# The share of the loop's time that broadcasting to one room may take before words wait for the next ones.
BROADCAST_SHARE = 0.25
MOST_WINDOW_S = 0.050


class Room:
    __slots__ = (
        "_held",
        "_lock",
        "_pieces",
        "_seats",
        "_serving",
        "_timer",
        "_waits_until",
        "cost_s",
        "epoch",
        "last",
        "seats",
        "thread_id",
    )  # fmt: skip

    def __init__(self, thread_id: UUID) -> None:
        self.thread_id = thread_id
        self.seats: dict[Socket, Seat] = {}
        self._seats: tuple[Seat, ...] | None = None
        self.epoch = ""
        self.last = 0  # the highest offset that was given out here
        self.cost_s = 0.0  # what the last broadcast cost the loop
        self._lock = asyncio.Lock()  # one packet after the other, however long a broadcast takes
        self._held: list[bytes] = []  # the events after `last` that wait for the next ones
        self._pieces = 0  # in how many pieces they came
        self._timer: asyncio.TimerHandle | None = None
        self._waits_until = 0.0

    def add(self, seat: Seat) -> None:
        self.seats[seat.socket] = seat
        self._seats = None

    def remove(self, socket: Socket) -> None:
        self.seats.pop(socket, None)
        self._seats = None
        if not self.seats:
            self._let_go()

    def all(self) -> tuple[Seat, ...]:
        if self._seats is None:
            self._seats = tuple(self.seats.values())
        return self._seats

    def is_behind(self, seat: Seat) -> bool:
        return seat.epoch != self.epoch or seat.offset < self.last

    # -- events ---------------------------------------------------------------------------------

    async def hear(self, epoch: str, first: int, events: Sequence[bytes], is_patient: bool) -> None:
        """Give the events from offset `first` on to every seat that has all before them; the others catch up.

        Returns when all were served. `is_patient`: they may wait a little for the next ones, if broadcasting here is
        dear. A large room lets the loop breathe in between; who comes meanwhile joins with a cursor, so nobody is
        given anything twice.
        """
        async with self._lock:
            if epoch != self.epoch:
                self._begin(epoch, first - 1)
            heard = self.last + len(self._held)
            lost: list[bytes] = []
            if first > heard + 1:
                lost = await self._read_after(heard)
                if not lost:
                    self._begin(epoch, first - 1)  # no seat has all before these: each looks for itself
                    heard = self.last
            new = events[max(0, heard + len(lost) + 1 - first) :]
            if is_patient and not lost and new and self._may_wait():
                self._held += new
                self._pieces += 1
            elif lost or new:
                await self._serve(lost, new)
            else:
                self.wake()  # perhaps the room began anew

    async def look(self) -> None:
        """Compare with the stream: what was lost on the way is given now. Raises Unavailable."""
        async with self._lock:
            top = await _stream().top(self.thread_id)
            if top.epoch != self.epoch:
                self._begin(top.epoch, top.offset)
                self.wake()
            elif top.offset > (heard := self.last + len(self._held)):
                if lost := await self._read_after(heard):
                    await self._serve(lost, ())
                else:
                    self._begin(top.epoch, top.offset)
                    self.wake()

    def stand(self, cursor: Cursor) -> None:
        """This is where the stream stands: a seat has just read it."""
        self._begin(cursor.epoch, cursor.offset)
        self.wake()

    def wake(self) -> None:
        """Let every seat that lacks something read it."""
        for seat in self.all():
            if seat.is_live and self.is_behind(seat):
                seat.socket.wake()

    def _begin(self, epoch: str, last: int) -> None:
        self._let_go()
        self.epoch, self.last = epoch, last

    def _let_go(self) -> None:
        self._held, self._pieces = [], 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _read_after(self, offset: int) -> list[bytes]:
        """All after the offset; nothing if that cannot be had whole."""
        try:
            missed = await _stream().read_after(self.thread_id, Cursor(self.epoch, offset))
        except Unavailable:
            return []
        return missed.events if missed is not None else []

    def _may_wait(self) -> bool:
        wait_s = self._waits_until - monotonic()
        if wait_s > 0 and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._serve_soon)
        return wait_s > 0

    def _serve_soon(self) -> None:
        self._timer = None
        self._serving = asyncio.get_running_loop().create_task(self._serve_held())

    async def _serve_held(self) -> None:
        async with self._lock:
            if self._held:
                await self._serve((), ())

    async def _serve(self, lost: Sequence[bytes], new: Sequence[bytes]) -> None:
        """What is held, what was lost and what is new follow each other without a hole."""
        started = perf_counter()
        held = merge(self._held) if self._pieces > 1 else self._held
        before, last = self.last, self.last + len(self._held) + len(lost) + len(new)
        self._begin(self.epoch, last)
        packet = pack_events(self.thread_id, self.epoch, before + 1, last, [*held, *merge(lost), *new])
        written = 0
        for seat in self.all():
            if not seat.is_live:
                continue
            socket = seat.socket
            if seat.offset != before or seat.epoch != self.epoch:
                if self.is_behind(seat):
                    socket.wake()
                continue
            if not socket.is_free:
                continue
            seat.offset = last
            socket.write(packet)
            written += 1
            if written % BREATH == 0:
                await asyncio.sleep(0)
        # The transports write when the loop comes round, so the cost is known only then.
        asyncio.get_running_loop().call_soon(self._note_cost, started)

    def _note_cost(self, started: float) -> None:
        self.cost_s = perf_counter() - started
        metrics.BROADCAST.observe(self.cost_s)
        self._waits_until = monotonic() + min(MOST_WINDOW_S, self.cost_s / BROADCAST_SHARE)


def _stream() -> StreamLog:
    stream: StreamLog = backend("stream_log")
    return stream
