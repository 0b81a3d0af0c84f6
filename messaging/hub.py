"""Who hears what in this process: rooms and topics to local sockets.

In: the events of rooms that somebody here sits in, from the stream, and packets of topics that somebody here watches,
from the relay. Out: one packet to every socket that is in step. A socket that is not gets one merged packet from the
stream when it can take it, or `resync`. Nothing here decides who may hear: seats are given by `consumers` and
taken by `listeners`.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from uuid import UUID

from chatplatform.kernel import metrics
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import Unavailable
from messaging.hearing import Room
from messaging.packets import Packet, merge, pack, pack_events
from messaging.protocol.frames import Beat, Resync, Revoked
from messaging.relays.base import Relay
from messaging.sockets import SLOW_AFTER_S, Seat, Socket
from messaging.streams.base import StreamLog
from messaging.types import Cursor

log = logging.getLogger(__name__)

BEAT_S = 25


class Hub:
    """One per process; everything in it happens on the server's loop."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.rooms: dict[UUID, Room] = {}
        self.topics: dict[str, set[Socket]] = {}
        self._has_missed = False
        self._looking: asyncio.Task[None] | None = None

    # -- coming and going -----------------------------------------------------------------------

    def open(self, socket: Socket) -> None:
        socket.next_beat = monotonic() + BEAT_S
        self.sockets.add(socket)

    def close(self, socket: Socket) -> list[Seat]:
        """Forget the socket; answers the seats it had."""
        self.sockets.discard(socket)
        seats = list(socket.seats.values())
        for seat in seats:
            self.leave(socket, seat.thread_id)
        for topic in tuple(socket.topics):
            self.unwatch(socket, topic)
        return seats

    def count(self, user_id: UUID) -> int:
        """Open sockets of one person."""
        return sum(socket.person.id == user_id for socket in self.sockets)

    def take_seat(self, socket: Socket, thread_id: UUID) -> Seat:
        """A seat that hears nothing yet: from now on no revocation can miss it."""
        self.leave(socket, thread_id)
        seat = socket.seats[thread_id] = Seat(socket, thread_id)
        self.rooms.setdefault(thread_id, Room(thread_id)).add(seat)
        return seat

    async def follow(self, seat: Seat) -> None:
        """From when this returns the room's events come here: the time to read what was before. Raises Unavailable."""
        await _stream().follow(seat.thread_id, self.hear)

    def is_seated(self, seat: Seat) -> bool:
        return seat.socket.seats.get(seat.thread_id) is seat

    def go_live(self, seat: Seat, cursor: Cursor) -> None:
        """Everything after the cursor goes to this seat; what it has missed meanwhile, first."""
        seat.epoch, seat.offset, seat.is_live = cursor.epoch, cursor.offset, True
        room = self.rooms[seat.thread_id]
        if not room.epoch:
            room.epoch, room.last = cursor.epoch, cursor.offset
        elif room.is_behind(seat):
            seat.socket.wake()

    def leave(self, socket: Socket, thread_id: UUID) -> bool:
        """Give the seat up; whether there was one."""
        seat = socket.seats.pop(thread_id, None)
        if seat is None:
            return False
        seat.is_live = False
        room = self.rooms[thread_id]
        room.remove(socket)
        if not room.seats:
            del self.rooms[thread_id]
            _stream().unfollow(thread_id)
        return True

    def watch(self, socket: Socket, topic: str) -> None:
        if topic not in self.topics:
            self.topics[topic] = set()
            _relay().listen(topic, self.hear_news)
        self.topics[topic].add(socket)
        socket.topics.add(topic)

    def unwatch(self, socket: Socket, topic: str) -> None:
        socket.topics.discard(topic)
        if (watchers := self.topics.get(topic)) is not None:
            watchers.discard(socket)
            if not watchers:
                del self.topics[topic]
                _relay().mute(topic, self.hear_news)

    # -- events ---------------------------------------------------------------------------------

    async def hear(self, thread_id: UUID, epoch: str, first: int, events: Sequence[bytes], is_patient: bool) -> None:
        """What the stream of a room says that somebody here sits in."""
        if (room := self.rooms.get(thread_id)) is not None:
            await room.hear(epoch, first, events, is_patient)

    def missed(self) -> None:
        """Words of any room may have been lost on the way: look at all of them, soon."""
        self._has_missed = True
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        """At all rooms, and again if more was missed meanwhile. What cannot be seen now is looked at by a later `tick`."""
        while self._has_missed:
            self._has_missed = False
            for room in list(self.rooms.values()):
                try:
                    await room.look()
                except Unavailable:
                    self._has_missed = True
                    return

    def cost_s(self, thread_id: UUID) -> float:
        """What the last broadcast to this room cost the loop, in seconds."""
        room = self.rooms.get(thread_id)
        return room.cost_s if room is not None else 0.0

    async def catch_up(self, socket: Socket) -> Packet | None:
        """The next packet for a socket that can take one: all that one of its seats has missed."""
        while (seat := self._behind(socket)) is not None:
            room, cursor = self.rooms[seat.thread_id], Cursor(seat.epoch, seat.offset)
            try:
                missed = await _stream().read_after(seat.thread_id, cursor)
            except Unavailable:
                return None  # `tick` tries again
            if not self.is_seated(seat):
                continue
            if missed is None:
                self.leave(socket, seat.thread_id)
                metrics.RESYNCS.inc()
                return pack(Resync(seat.thread_id, "You are too far behind to catch up."), seat.thread_id)
            if not missed.events:
                room.stand(cursor)
                continue
            seat.offset = missed.first + len(missed.events) - 1
            return pack_events(seat.thread_id, missed.epoch, missed.first, seat.offset, merge(missed.events))
        return None

    def _behind(self, socket: Socket) -> Seat | None:
        for seat in socket.seats.values():
            if seat.is_live and self.rooms[seat.thread_id].is_behind(seat):
                return seat
        return None

    def hear_news(self, topic: str, data: bytes) -> None:
        """Give an encoded frame of news to everybody who watches the topic."""
        packet = Packet(data)
        for socket in tuple(self.topics.get(topic, ())):
            socket.push(packet)

    # -- taking away ----------------------------------------------------------------------------

    def revoke(self, user_id: UUID, project_id: UUID, thread_id: UUID | None = None) -> list[Seat]:
        """Take a person's seats of one thread, or of a whole project, and what still waits for them of it."""
        taken = []
        for socket in [s for s in self.sockets if s.person.id == user_id]:
            if thread_id is None:
                self.unwatch(socket, f"project.{project_id}")
            for seat in list(socket.seats.values()):
                if seat.project_id is None:
                    # Still joining, perhaps let in by what is no longer so: its join begins again.
                    self.leave(socket, seat.thread_id)
                elif seat.thread_id == thread_id or (thread_id is None and seat.project_id == project_id):
                    self.take_away(seat)
                    taken.append(seat)
        return taken

    def take_away(self, seat: Seat) -> None:
        self.leave(seat.socket, seat.thread_id)
        seat.socket.drop(seat.thread_id)
        seat.socket.push(pack(Revoked(seat.thread_id)))

    def sign_out(self, sockets: Iterable[Socket], why: str = "signed_out") -> None:
        """Close these for good, whatever still waits for them."""
        for socket in list(sockets):
            for thread_id in list(socket.seats):
                self.leave(socket, thread_id)
                socket.drop(thread_id)
            socket.close(4401, why, reconnect=False)

    # -- time -----------------------------------------------------------------------------------

    async def tick(self) -> None:
        """Once a second: drop who did not read for 30 s, serve who still lacks something, and send the beats due."""
        now = monotonic()
        due = []
        for socket in list(self.sockets):
            if socket.waiting_since is not None and now - socket.waiting_since > SLOW_AFTER_S:
                socket.close(4408, "slow", reconnect=True)
            elif now >= socket.next_beat:
                socket.next_beat = now + BEAT_S
                due.append(socket)
            elif socket.is_free and self._behind(socket) is not None:
                socket.wake()
        if self._has_missed:
            self.missed()
        tops: dict[UUID, int] = {}
        for thread_id in {seat.thread_id for socket in due for seat in socket.seats.values() if seat.is_live}:
            if (room := self.rooms.get(thread_id)) is not None:
                with suppress(Unavailable):
                    await room.look()
                    tops[thread_id] = room.last
        for socket in due:
            live = [seat.thread_id for seat in socket.seats.values() if seat.is_live and seat.thread_id in tops]
            socket.push(pack(Beat({str(thread_id): tops[thread_id] for thread_id in live})))


def _stream() -> StreamLog:
    stream: StreamLog = backend("stream_log")
    return stream


def _relay() -> Relay:
    relay: Relay = backend("relay")
    return relay


_hub: Hub | None = None


def hub() -> Hub:
    """This process's hub."""
    global _hub
    if _hub is None:
        _hub = Hub()
    return _hub


def reset() -> None:
    """Forget everybody. For a server that stops, and for tests."""
    global _hub
    _hub = None
