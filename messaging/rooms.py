"""The one door to a room's stream: events in, one numbered sequence out to everybody who listens.

`publish` encodes an event once and appends it to the stream, from which the hubs hear it. Deltas are gathered
per turn: the first goes out at once, later ones wait at most a window that grows with what a broadcast
costs here. Any other event takes the gathered deltas with it, so the order in the stream is the order of speaking.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from uuid import UUID

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import Unavailable
from messaging import protocol
from messaging.hub import hub
from messaging.protocol import (
    AnyEvent,
    AnyNews,
    MessageCreated,
    News,
    TurnDelta,
    TurnFinished,
    TurnReasoning,
    TurnReset,
    TurnStarted,
    TurnWaiting,
)
from messaging.relays.base import Relay
from messaging.streams.base import Appended, Entry, Slice, Standing, StreamLog
from messaging.types import Cursor, Message

log = logging.getLogger(__name__)

LEAST_WINDOW_S = 0.008
MOST_WINDOW_S = 0.050
# The share of the loop's time that broadcasting may take before deltas wait longer.
BROADCAST_SHARE = 0.25
_AGAIN_S = 1.0
_IDLE_S = 2.0

Delta = TurnDelta | TurnReasoning
TurnEvent = TurnStarted | TurnWaiting | TurnDelta | TurnReasoning | TurnReset | TurnFinished
_OPEN = {"queued", "waiting", "streaming"}


class Superseded(Exception):
    """The event's attempt is not the turn's highest: its writer must stop."""


class _Gathered:
    """Deltas of one turn and kind that follow each other without a hole."""

    __slots__ = ("at", "attempt", "kind", "n", "texts", "turn_id")

    def __init__(self, event: Delta) -> None:
        self.kind: type[Delta] = type(event)
        self.turn_id, self.attempt, self.at = event.turn_id, event.attempt, event.at
        self.n = event.n
        self.texts = [event.text]

    def take(self, event: Delta) -> bool:
        if event.attempt != self.attempt or event.at != self.at + self.n:
            return False
        self.n += event.n
        self.texts.append(event.text)
        return True

    def entry(self) -> Entry:
        text = "".join(self.texts)
        data = protocol.encode(self.kind(self.turn_id, self.attempt, self.at, self.n, text))
        if self.kind is TurnDelta:
            return Entry(data, self.turn_id, self.attempt, text=text)
        return Entry(data, self.turn_id, self.attempt, reasoning=text)


class _Room:
    __slots__ = ("deltas", "flushed_at", "forget", "lock", "refused", "speaking", "timer", "window_s")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()  # what is said first is appended first
        self.deltas: list[_Gathered] = []
        self.timer: asyncio.TimerHandle | None = None
        self.forget: asyncio.TimerHandle | None = None
        self.flushed_at = 0.0
        self.window_s = LEAST_WINDOW_S
        self.refused: dict[UUID, int] = {}  # turn → the attempt that was told to stop
        self.speaking: dict[UUID, int] = {}  # turn that is not over → its slot

    @property
    def is_idle(self) -> bool:
        return not (self.deltas or self.speaking or self.refused or self.timer or self.lock.locked())

    def gather(self, event: Delta) -> None:
        for gathered in reversed(self.deltas):
            if gathered.turn_id == event.turn_id and gathered.kind is type(event):
                if gathered.take(event):
                    return
                break
        self.deltas.append(_Gathered(event))


_rooms: dict[UUID, _Room] = {}
_flushes: set[asyncio.Task[None]] = set()
# Called when models began (with the places of their answers) or ceased to write in a thread. News listens.
on_speaking: list[Callable[[UUID, Sequence[Message]], None]] = []


async def publish(thread_id: UUID, *events: AnyEvent) -> None:
    """Tell the room what happened, several events in one frame. Raises Superseded and Unavailable.

    A delta may still be waiting for its window when this returns; everything else is in the stream, in its place.
    """
    room = _rooms.setdefault(thread_id, _Room())
    if len(events) == 1 and isinstance(event := events[0], TurnDelta | TurnReasoning):
        _refuse_superseded(room, event)
        room.gather(event)
        # A turn's first words never wait for the window of the others.
        due_s = 0.0 if event.at == 0 else room.flushed_at + room.window_s - monotonic()
        if due_s <= 0:
            await _flush(thread_id, room, ())
        elif room.timer is None:
            room.timer = asyncio.get_running_loop().call_later(due_s, _flush_soon, thread_id, room)
        return
    for event in events:
        if isinstance(event, TurnEvent):
            _refuse_superseded(room, event)
    await _flush(thread_id, room, tuple(map(_entry, events)))
    _note_speaking(thread_id, room, events)


async def flush(thread_id: UUID) -> None:
    """Give out the deltas gathered so far."""
    if (room := _rooms.get(thread_id)) is not None:
        await _flush(thread_id, room, ())


async def read_after(thread_id: UUID, cursor: Cursor) -> Slice | None:
    """What a reader missed, or None: see `StreamLog.read_after`."""
    return await _stream().read_after(thread_id, cursor)


async def top(thread_id: UUID) -> Cursor:
    return await _stream().top(thread_id)


async def standing(thread_id: UUID) -> Standing:
    """Where the stream stands and what the turns going on have said by then."""
    return await _stream().standing(thread_id)


def tell(topic: str, item: AnyNews, project_id: UUID | None = None) -> None:
    """News to whoever watches the topic ("project.…", "user.…"), in whichever process. On the loop only; never fails."""
    relay: Relay = backend("relay")
    relay.send(topic, protocol.encode(News(project_id, item)))


def live_slots(thread_id: UUID) -> list[int]:
    """The hues of the models that write in this thread now, each once, as far as this process heard."""
    room = _rooms.get(thread_id)
    return sorted(set(room.speaking.values())) if room is not None else []


def _stream() -> StreamLog:
    stream: StreamLog = backend("stream_log")
    return stream


def _entry(event: AnyEvent) -> Entry:
    data = protocol.encode(event)
    if isinstance(event, TurnDelta):
        return Entry(data, event.turn_id, event.attempt, text=event.text)
    if isinstance(event, TurnReasoning):
        return Entry(data, event.turn_id, event.attempt, reasoning=event.text)
    if isinstance(event, TurnFinished):
        return Entry(data, event.turn_id, event.attempt, mark="last")
    if isinstance(event, TurnWaiting):
        return Entry(data, event.turn_id, event.attempt, mark="waiting")
    if isinstance(event, TurnStarted | TurnReset):
        return Entry(data, event.turn_id, event.attempt)
    return Entry(data)


async def _flush(thread_id: UUID, room: _Room, entries: tuple[Entry, ...]) -> None:
    """Append the gathered deltas, then `entries`."""
    async with room.lock:
        if room.timer is not None:
            room.timer.cancel()
            room.timer = None
        gathered, room.deltas = room.deltas, []
        every = (*(each.entry() for each in gathered), *entries)
        if not every:
            return
        try:
            appended = await _stream().append(thread_id, every)
        except Unavailable:
            # The words are not lost: they go out before the next ones, without a hole.
            room.deltas[:0] = gathered
            if room.timer is None:
                room.timer = asyncio.get_running_loop().call_later(_AGAIN_S, _flush_soon, thread_id, room)
            raise
        room.flushed_at = monotonic()
        if appended.refused:
            _note_refused(room, every, appended)
        wanted_s = min(MOST_WINDOW_S, hub().cost_s(thread_id) / BROADCAST_SHARE)
        room.window_s = max(LEAST_WINDOW_S, wanted_s, room.window_s * 0.9 if room.window_s > wanted_s else 0)
    _forget_when_idle(thread_id, room)
    if appended.refused and any(index >= len(gathered) for index in appended.refused):
        raise Superseded


def _note_refused(room: _Room, entries: tuple[Entry, ...], appended: Appended) -> None:
    for index in appended.refused:
        refused = entries[index]
        assert refused.turn_id is not None  # nothing else is fenced
        room.refused[refused.turn_id] = max(refused.attempt, room.refused.get(refused.turn_id, 0))
        log.info("Attempt %d of turn %s speaks no more: it was superseded.", refused.attempt, refused.turn_id)


def _refuse_superseded(room: _Room, event: TurnEvent) -> None:
    told = room.refused.get(event.turn_id)
    if told is None:
        return
    if event.attempt <= told:
        raise Superseded
    del room.refused[event.turn_id]


def _flush_soon(thread_id: UUID, room: _Room) -> None:
    room.timer = None
    task = asyncio.get_running_loop().create_task(_flush_quietly(thread_id, room))
    _flushes.add(task)
    task.add_done_callback(_flushes.discard)


async def _flush_quietly(thread_id: UUID, room: _Room) -> None:
    try:
        await _flush(thread_id, room, ())
    except Unavailable:
        log.warning("The stream of thread %s could not be written; trying again.", thread_id)


def _note_speaking(thread_id: UUID, room: _Room, events: tuple[AnyEvent, ...]) -> None:
    """Keep account of which models write here, for the glow beside the thread in everybody's list."""
    before = set(room.speaking.values())
    places = []
    for event in events:
        if isinstance(event, MessageCreated) and event.message.turn_id and event.message.state in _OPEN:
            room.speaking[event.message.turn_id] = event.message.author.slot
            places.append(event.message)
        elif isinstance(event, TurnFinished):
            room.speaking.pop(event.turn_id, None)
            room.refused.pop(event.turn_id, None)
    if places or set(room.speaking.values()) != before:
        for tell_of in on_speaking:
            tell_of(thread_id, places)
    _forget_when_idle(thread_id, room)


def _forget_when_idle(thread_id: UUID, room: _Room) -> None:
    """Not at once: between two words of one turn a room keeps its pace."""
    if room.is_idle and room.forget is None:
        room.forget = asyncio.get_running_loop().call_later(_IDLE_S, _forget, thread_id, room)


def _forget(thread_id: UUID, room: _Room) -> None:
    room.forget = None
    if room.is_idle and monotonic() - room.flushed_at >= _IDLE_S:
        _rooms.pop(thread_id, None)
    else:
        _forget_when_idle(thread_id, room)


def reset() -> None:
    """Forget all rooms. For a server that stops, and for tests."""
    for room in _rooms.values():
        for timer in (room.timer, room.forget):
            if timer is not None:
                timer.cancel()
    _rooms.clear()
