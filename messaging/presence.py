"""Who is in a room, and who types. In memory of this process; it passes by itself.

A person is here from their first tab to their last. The last tab's leaving is told a little later, so
that loading the page again does not make anybody flicker.
"""

import asyncio
import logging
from uuid import UUID

from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import Unavailable
from messaging import rooms
from messaging.protocol import PresenceChanged, TypingNow
from projects.types import PersonView

log = logging.getLogger(__name__)

GRACE_S = 3.0
TYPING_MS = 5000
_TYPING_EVERY_S = 1.0


class _Here:
    __slots__ = ("leaving", "person", "tabs", "typed_at")

    def __init__(self, person: PersonView) -> None:
        self.person = person
        self.tabs: set[str] = set()  # connection ids
        self.leaving: asyncio.Task[None] | None = None
        self.typed_at = 0.0


_rooms: dict[UUID, dict[UUID, _Here]] = {}


async def came(thread_id: UUID, person: PersonView, connection_id: str) -> None:
    """A tab of this person looks at the room. Saying so again changes nothing."""
    people = _rooms.setdefault(thread_id, {})
    here = people.get(person.id)
    if here is None:
        here = people[person.id] = _Here(person)
        here.tabs.add(connection_id)
        await _say(thread_id, PresenceChanged(person, is_here=True))
        return
    here.tabs.add(connection_id)
    if here.leaving is not None:
        here.leaving.cancel()
        here.leaving = None


def went(thread_id: UUID, user_id: UUID, connection_id: str, *, at_once: bool = False) -> None:
    """That tab no longer does; `at_once` when the person may not be here any more."""
    here = _rooms.get(thread_id, {}).get(user_id)
    if here is None or connection_id not in here.tabs:
        return
    here.tabs.discard(connection_id)
    if not here.tabs and here.leaving is None:
        here.leaving = asyncio.get_running_loop().create_task(_leave(thread_id, here, 0 if at_once else GRACE_S))


async def _leave(thread_id: UUID, here: _Here, after_s: float) -> None:
    await asyncio.sleep(after_s)
    people = _rooms.get(thread_id, {})
    people.pop(here.person.id, None)
    if not people:
        _rooms.pop(thread_id, None)
    await _say(thread_id, PresenceChanged(here.person, is_here=False))


def present(thread_id: UUID) -> list[PersonView]:
    """Who is here, in the order they came."""
    return [here.person for here in _rooms.get(thread_id, {}).values()]


async def typing(thread_id: UUID, person: PersonView) -> None:
    """Tell the room that somebody types, at most once a second."""
    here = _rooms.get(thread_id, {}).get(person.id)
    if here is None or monotonic() - here.typed_at < _TYPING_EVERY_S:
        return
    here.typed_at = monotonic()
    await _say(thread_id, TypingNow(person, TYPING_MS))


async def _say(thread_id: UUID, event: PresenceChanged | TypingNow) -> None:
    try:
        await rooms.publish(thread_id, event)
    except Unavailable:
        log.warning("The room of thread %s does not hear who is here: its stream does not answer.", thread_id)


def reset() -> None:
    """Forget everybody. For a server that stops, and for tests."""
    for people in _rooms.values():
        for here in people.values():
            if here.leaving is not None:
                here.leaving.cancel()
    _rooms.clear()
