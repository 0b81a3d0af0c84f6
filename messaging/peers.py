"""What each process tells the others of who is with it, so that all know who is anywhere.

Over the relay, which may lose: every change carries a number, a beat repeats the last one, and whoever finds a number
missing asks for the whole. A process that is not heard for ten seconds has died; its people are gone with it. Nothing
is kept outside the processes, so there is nothing to lose or to clean up.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol
from uuid import UUID

import msgspec

from chatplatform.kernel.clock import monotonic
from messaging.peer_packets import Ask, Beat, Bye, Came, Packet, Place, Went, Whole, decode
from messaging.relays.base import Relay

log = logging.getLogger(__name__)

GROUP = "presence"
BEAT_S = 3.0
LOST_S = 10.0  # three beats and a little
ASK_AGAIN_S = 1.0
ANSWER_S = 0.02  # several who ask at once are answered once


class How(Enum):
    """How a change at another process became known."""

    TOLD = "told"  # as it happened; whoever had to tell the room has told it
    UNTOLD = "untold"  # the room may not know: the process thought that others have this person too, or it died
    LATE = "late"  # words were lost meanwhile
    MET = "met"  # the process is new to us, what it says may be known to all others


class Told(Protocol):
    """What the other processes' words mean; `presence.Presence`."""

    def places(self) -> Sequence[Place]:
        """Who is in this process."""

    def came_elsewhere(self, process: str, place: Place, how: How) -> None: ...

    def went_elsewhere(self, process: str, place: Place, how: How) -> None: ...


class _Peer:
    __slots__ = ("asked_at", "heard_at", "number", "places")

    def __init__(self) -> None:
        self.number: int | None = None  # null: the whole is asked for and not here yet
        self.heard_at = monotonic()
        self.asked_at = float("-inf")
        self.places: dict[tuple[UUID, UUID], Place] = {}


class Peers:
    def __init__(self, relay: Relay, told: Told) -> None:
        # The one that began first sorts first: it knows most of what the others do not.
        self.id = f"{time.time_ns():020d}.{secrets.token_hex(8)}"
        self._relay, self._told = relay, told
        self._number = 0
        self._peers: dict[str, _Peer] = {}
        self._beat_at = 0.0
        self._answer: asyncio.TimerHandle | None = None
        self._leaving: dict[str, asyncio.TimerHandle] = {}
        self._take: dict[type, Callable[[str, _Peer, object], None]] = {
            Came: self._take_came,
            Went: self._take_went,
            Whole: self._take_whole,
            Beat: self._take_beat,
            Ask: self._take_ask,
        }

    @property
    def is_first(self) -> bool:
        """Of all processes that are known to live this one began first: it tells what nobody else has."""
        return all(self.id < other for other in self._peers)

    def start(self) -> None:
        self._relay.listen(GROUP, self.hear)
        self.catch_up()

    def stop(self) -> None:
        self._send(Bye(self.id, self._number))
        self._relay.mute(GROUP, self.hear)
        for timer in (*self._leaving.values(), *([self._answer] if self._answer else [])):
            timer.cancel()

    def catch_up(self) -> None:
        """Packets may have been lost, or none was heard yet: tell all and ask for all."""
        self._send_whole()
        self._send(Ask(self.id, self._number, None))

    def tick(self) -> None:
        """About once a second: say that this process lives, and let go of those that do not."""
        at = monotonic()
        if at - self._beat_at >= BEAT_S:
            self._beat_at = at
            self._send(Beat(self.id, self._number))
        for process, peer in list(self._peers.items()):
            if at - peer.heard_at > LOST_S:
                log.warning("Process %s is not heard any more; %d people were with it.", process, len(peer.places))
                self._drop(process)

    # -- telling ------------------------------------------------------------------------------------

    def tell_came(self, place: Place) -> None:
        self._number += 1
        self._send(Came(self.id, self._number, place))

    def tell_went(self, place: Place, *, is_told: bool) -> None:
        self._number += 1
        self._send(Went(self.id, self._number, place, is_told))

    def _send_whole(self) -> None:
        self._answer = None
        self._send(Whole(self.id, self._number, list(self._told.places())))

    def _send(self, packet: Packet) -> None:
        self._relay.send(GROUP, msgspec.json.encode(packet))

    # -- hearing ------------------------------------------------------------------------------------

    def hear(self, group: str, data: bytes) -> None:
        try:
            packet = decode(data)
        except msgspec.DecodeError as error:  # from another version of the product, while it is being replaced
            log.warning("A word of another process about who is here is not understood: %s", error)
            return
        if packet.process == self.id:
            return
        if isinstance(packet, Bye):
            self._take_bye(packet)
            return
        peer = self._peers.get(packet.process)
        if peer is None:
            peer = self._peers[packet.process] = _Peer()
        peer.heard_at = monotonic()
        self._take[type(packet)](packet.process, peer, packet)

    def _is_next(self, process: str, peer: _Peer, number: int) -> bool:
        if peer.number is not None and number == peer.number + 1:
            peer.number = number
            return True
        if peer.number is None or number > peer.number:
            self._ask(process, peer)
        return False

    def _ask(self, process: str, peer: _Peer) -> None:
        if monotonic() - peer.asked_at > ASK_AGAIN_S:
            peer.asked_at = monotonic()
            self._send(Ask(self.id, self._number, process))

    def _take_came(self, process: str, peer: _Peer, packet: object) -> None:
        assert isinstance(packet, Came)
        if self._is_next(process, peer, packet.number):
            peer.places[_key(packet.place)] = packet.place
            self._told.came_elsewhere(process, packet.place, How.TOLD)

    def _take_went(self, process: str, peer: _Peer, packet: object) -> None:
        assert isinstance(packet, Went)
        if self._is_next(process, peer, packet.number) and peer.places.pop(_key(packet.place), None) is not None:
            self._told.went_elsewhere(process, packet.place, How.TOLD if packet.is_told else How.UNTOLD)

    def _take_whole(self, process: str, peer: _Peer, packet: object) -> None:
        assert isinstance(packet, Whole)
        before, peer.places = peer.places, {_key(place): place for place in packet.places}
        how = How.MET if peer.number is None else How.LATE
        peer.number = packet.number
        for key, place in peer.places.items():
            if key not in before:
                self._told.came_elsewhere(process, place, how)
        for key, place in before.items():
            if key not in peer.places:
                self._told.went_elsewhere(process, place, how)

    def _take_beat(self, process: str, peer: _Peer, packet: object) -> None:
        assert isinstance(packet, Beat)
        if packet.number != peer.number:
            self._ask(process, peer)

    def _take_ask(self, process: str, peer: _Peer, packet: object) -> None:
        assert isinstance(packet, Ask)
        if packet.of in {None, self.id} and self._answer is None:
            self._answer = asyncio.get_running_loop().call_later(ANSWER_S, self._send_whole)

    def _take_bye(self, packet: Bye) -> None:
        """Not at once: whoever was there is coming back to another process."""
        if packet.process in self._peers:
            self._leaving[packet.process] = asyncio.get_running_loop().call_later(BEAT_S, self._drop, packet.process)

    def _drop(self, process: str) -> None:
        self._leaving.pop(process, None)
        peer = self._peers.pop(process, None)
        if peer is not None:
            for place in peer.places.values():
                self._told.went_elsewhere(process, place, How.UNTOLD)


def _key(place: Place) -> tuple[UUID, UUID]:
    return place.thread_id, place.person.id
