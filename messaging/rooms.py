"""The one door to a room's stream: events in, one numbered sequence out to everybody who listens.

`publish` encodes an event once and appends it to the stream, from which the hubs hear it. Deltas are gathered
per turn: the first goes out at once, later ones wait at most a window that grows with what appending and
broadcasting cost here. Any other event takes the gathered deltas with it, so the order in the stream is the order of speaking.
A stream that forgot a turn in the middle of its words is told the whole again; a room that missed an event begins anew.
"""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from chatplatform.kernel import metrics
from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import Unavailable
from messaging import protocol
from messaging.gathering import LEAST_WINDOW_S, Gathering, entry_of
from messaging.hearing import BROADCAST_SHARE, MOST_WINDOW_S
from messaging.hub import hub
from messaging.protocol.events import (
    AnyEvent,
    MessageCreated,
    TurnDelta,
    TurnFinished,
    TurnReasoning,
    TurnReset,
    TurnStarted,
    TurnWaiting,
    TypingNow,
)
from messaging.protocol.frames import News
from messaging.protocol.news import AnyNews
from messaging.relays.base import Relay
from messaging.streams.base import Appended, Entry, Slice, Standing, StreamLog
from messaging.types import OPEN_STATES, Cursor

log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_IDLE_S = 2.0

TurnEvent = TurnStarted | TurnWaiting | TurnDelta | TurnReasoning | TurnReset | TurnFinished


class Superseded(Exception):
    """The event's attempt is not the turn's highest: its writer must stop."""


_rooms: dict[UUID, Gathering] = {}
_flushes: set[asyncio.Task[None]] = set()
# Called when models began or ceased to write in a thread. News listens.
on_speaking: list[Callable[[UUID], None]] = []


async def publish(thread_id: UUID, *events: AnyEvent) -> None:
    """Tell the room what happened, several events in one frame. Raises Superseded and Unavailable.

    A delta may still be waiting for its window when this returns; everything else is in the stream, in its place.
    """
    room = _rooms.get(thread_id)
    if room is None:
        room = _rooms[thread_id] = Gathering()
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
        if isinstance(event, TurnDelta | TurnReasoning):
            room.note(event)
    entries = tuple(map(entry_of, events))
    await _flush(thread_id, room, entries, lasts=not all(isinstance(event, TypingNow) for event in events))
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


async def sent() -> None:
    """Wait until the news told here has gone out: what others tell from now on is heard after it."""
    relay: Relay = backend("relay")
    await relay.sent()


def _stream() -> StreamLog:
    stream: StreamLog = backend("stream_log")
    return stream


async def _flush(thread_id: UUID, room: Gathering, entries: tuple[Entry, ...], *, lasts: bool = False) -> None:
    """Append the gathered deltas, then `entries`. `lasts`: whoever does not hear these shows what is no longer so."""
    async with room.lock:
        if room.timer is not None:
            room.timer.cancel()
            room.timer = None
        gathered = room.take_all()
        gathered_at = room.gathered_at
        every = (*(each.entry() for each in gathered), *entries)
        if not every and not room.is_torn:
            return
        try:
            if room.is_torn:
                await _stream().forget(thread_id)  # everybody loads it anew
                room.is_torn = False
            appended = await _stream().append(thread_id, every)
        except (Unavailable, asyncio.CancelledError) as error:
            # The words, some of which may be other turns', are not lost: they go out before the next ones, without a hole.
            for each in gathered:
                each.is_tried = True
            room.deltas[:0] = gathered
            room.gathered_at = gathered_at if gathered else room.gathered_at
            is_away = isinstance(error, Unavailable)
            room.is_torn |= lasts and is_away
            if room.timer is None:
                again_s = _AGAIN_S if is_away else 0.0
                room.timer = asyncio.get_running_loop().call_later(again_s, _flush_soon, thread_id, room)
            raise
        room.flushed_at = monotonic()
        if gathered:
            metrics.FRAME_LAG.observe(room.flushed_at - gathered_at)
        if appended.refused:
            _note_refused(room, every, appended)
        if appended.holes:
            await _say_again(thread_id, room, [every[index] for index in appended.holes])
        cost_s = hub().cost_s(thread_id) + _stream().append_cost_s * len(_rooms)
        wanted_s = min(MOST_WINDOW_S, cost_s / BROADCAST_SHARE)
        room.window_s = max(LEAST_WINDOW_S, wanted_s, room.window_s * 0.9 if room.window_s > wanted_s else 0)
    _forget_when_idle(thread_id, room)
    if appended.refused and any(index >= len(gathered) for index in appended.refused):
        raise Superseded


def _note_refused(room: Gathering, entries: tuple[Entry, ...], appended: Appended) -> None:
    for index in appended.refused:
        refused = entries[index]
        assert refused.turn_id is not None  # nothing else is fenced
        room.refuse(refused.turn_id, refused.attempt)
        if (said := room.said.get(refused.turn_id)) is not None and said.attempt <= refused.attempt:
            del room.said[refused.turn_id]
        log.info("Attempt %d of turn %s speaks no more: it was superseded.", refused.attempt, refused.turn_id)


async def _say_again(thread_id: UUID, room: Gathering, lost: list[Entry]) -> None:
    """Tell the stream the whole of what these turns have said: it does not know the beginning."""
    kinds = dict.fromkeys((entry.turn_id, TurnDelta if entry.text else TurnReasoning) for entry in lost)
    whole = [room.said[turn].entry(turn, kind) for turn, kind in kinds if turn is not None and turn in room.said]
    if not whole:
        return
    try:
        await _stream().append(thread_id, whole)
    except Unavailable:
        log.warning("The stream of thread %s forgot what turns have said; their next words bring it back.", thread_id)


def _refuse_superseded(room: Gathering, event: TurnEvent) -> None:
    refused = room.refused.get(event.turn_id)
    if refused is None:
        return
    if event.attempt <= refused.attempt:
        raise Superseded
    del room.refused[event.turn_id]


def _flush_soon(thread_id: UUID, room: Gathering) -> None:
    room.timer = None
    task = asyncio.get_running_loop().create_task(_flush_quietly(thread_id, room))
    _flushes.add(task)
    task.add_done_callback(_flushes.discard)


async def _flush_quietly(thread_id: UUID, room: Gathering) -> None:
    try:
        await _flush(thread_id, room, ())
    except Unavailable:
        log.warning("The stream of thread %s could not be written; trying again.", thread_id)


def _note_speaking(thread_id: UUID, room: Gathering, events: tuple[AnyEvent, ...]) -> None:
    """Let the lists know when models begin or cease to write, for the glow beside the thread."""
    is_other = False
    for event in events:
        if isinstance(event, MessageCreated) and event.message.turn_id and event.message.state in OPEN_STATES:
            is_other = True
        elif isinstance(event, TurnFinished):
            is_other = True
            room.forget_turn(event.turn_id)
    if is_other:
        for tell_of in on_speaking:
            tell_of(thread_id)
    _forget_when_idle(thread_id, room)


def _forget_when_idle(thread_id: UUID, room: Gathering) -> None:
    """Not at once: between two words of one turn a room keeps its pace."""
    if room.is_idle and room.forget is None:
        room.forget = asyncio.get_running_loop().call_later(_IDLE_S, _forget, thread_id, room)


def _forget(thread_id: UUID, room: Gathering) -> None:
    room.forget = None
    room.forget_abandoned()
    if room.is_idle and not room.remembers and monotonic() - room.flushed_at >= _IDLE_S:
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
