"""One message to any number of sockets: encoded once, framed once, shared."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from messaging import protocol
from messaging.protocol.events import TurnDelta, TurnReasoning, TypingNow, decode_event


class Packet:
    """What goes over a socket, in each form a server may want. Never changed once made."""

    __slots__ = ("_framed", "data", "message", "thread_id")

    def __init__(self, data: bytes, thread_id: UUID | None = None) -> None:
        self.data = data
        self.thread_id = thread_id  # whose words it holds; dropped from a queue when the room is lost
        self.message: dict[str, Any] = {"type": "websocket.send", "text": data.decode()}
        self._framed: bytes | None = None

    @property
    def framed(self) -> bytes:
        if self._framed is None:
            self._framed = _text_frame(self.data)
        return self._framed


def _text_frame(data: bytes) -> bytes:
    """A whole unmasked text message as one WebSocket frame (RFC 6455 5.2)."""
    size = len(data)
    if size < 126:
        return b"\x81" + bytes((size,)) + data
    if size < 65536:
        return b"\x81\x7e" + size.to_bytes(2, "big") + data
    return b"\x81\x7f" + size.to_bytes(8, "big") + data


def pack(frame: Struct, thread_id: UUID | None = None) -> Packet:
    """A frame of the protocol, ready to go."""
    return Packet(protocol.encode(frame), thread_id)


def pack_events(thread_id: UUID, epoch: str, first: int, last: int, events: Sequence[bytes]) -> Packet:
    """An `events` frame of events that are encoded already."""
    head = f'{{"type":"events","thread_id":"{thread_id}","epoch":"{epoch}","first":{first},"last":{last},"events":['
    return Packet(b"".join((head.encode(), b",".join(events), b"]}")), thread_id)


def merge(events: Sequence[bytes]) -> list[bytes]:
    """The same events for somebody who is behind: neighbouring deltas of one turn become one, and
    typing, long over, is left out. Any other event keeps its place among them."""
    merged: list[bytes] = []
    open_deltas: dict[tuple[Any, ...], list[TurnDelta | TurnReasoning]] = {}

    def flush() -> None:
        merged.extend(protocol.encode(_joined(parts)) for parts in open_deltas.values())
        open_deltas.clear()

    for data in events:
        event = decode_event(data)
        if isinstance(event, TurnDelta | TurnReasoning):
            open_deltas.setdefault((type(event), event.turn_id, event.attempt), []).append(event)
        elif not isinstance(event, TypingNow):
            flush()
            merged.append(data)
    flush()
    return merged


def _joined(parts: list[TurnDelta | TurnReasoning]) -> TurnDelta | TurnReasoning:
    first = parts[0]
    return type(first)(first.turn_id, first.attempt, first.at, sum(p.n for p in parts), "".join(p.text for p in parts))
