"""Who is in a room, in whichever process of this server, and who types. It passes by itself.

A person is here from their first tab to their last. The last tab's leaving is told a little later, so that loading the
page again does not make anybody flicker. The process where somebody comes first or leaves last tells the room; what
no process could tell, since it died, the first of the others tells.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.errors import Unavailable
from messaging import rooms
from messaging.peer_packets import Place
from messaging.peers import How, Peers
from messaging.protocol.events import PresenceChanged, TypingNow
from messaging.relays.base import Relay
from projects.types import PersonView

log = logging.getLogger(__name__)

GRACE_S = 3.0
TYPING_MS = 5000
DOUBT_S = 1.0
OWED_S = 30.0  # longer than it takes until the death of a process is noticed by all
_TYPING_EVERY_S = 1.0

Publish = Callable[[UUID, PresenceChanged | TypingNow], Awaitable[None]]
Key = tuple[UUID, UUID]  # thread, person


class _Here:
    __slots__ = ("elsewhere", "leaving", "place", "tabs", "typed_at")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.tabs: set[str] = set()  # connection ids of this process
        self.leaving: asyncio.Task[None] | None = None  # the last of them has gone a moment ago
        self.elsewhere: set[str] = set()  # other processes
        self.typed_at = 0.0

    @property
    def is_with_us(self) -> bool:
        return bool(self.tabs) or self.leaving is not None


class Presence:
    """One per process; everything in it happens on the server's loop."""

    def __init__(self, relay: Relay, publish: Publish) -> None:
        self.peers = Peers(relay, self)
        self._publish = publish
        self._rooms: dict[UUID, dict[UUID, _Here]] = {}
        self._owed: dict[Key, tuple[float, Place]] = {}  # who left without anybody's word
        self._doubts: dict[Key, tuple[float, Place]] = {}  # of whom the room may have been told wrong
        self._said: dict[Key, tuple[float, bool]] = {}  # what this process told of late, and until when that counts
        self._tasks: set[asyncio.Future[None]] = set()

    # -- people of this process -------------------------------------------------------------------

    async def came(self, place: Place, connection_id: str) -> None:
        """A tab of this person looks at the room. Saying so again changes nothing."""
        here = self._here(place)
        is_first = here is None
        here = here or self._enter(place)
        was_with_us = here.is_with_us
        here.tabs.add(connection_id)
        if here.leaving is not None:
            here.leaving.cancel()
            here.leaving = None
        if not was_with_us:
            self.peers.tell_came(place)
        if is_first:
            await self._say(place, is_here=True)

    def went(self, thread_id: UUID, user_id: UUID, connection_id: str, *, at_once: bool = False) -> None:
        """That tab no longer does; `at_once` when the person may not be here any more."""
        here = self._rooms.get(thread_id, {}).get(user_id)
        if here is None or connection_id not in here.tabs:
            return
        here.tabs.discard(connection_id)
        if not here.tabs and here.leaving is None:
            here.leaving = asyncio.get_running_loop().create_task(self._leave(here, 0 if at_once else GRACE_S))
            self._keep(here.leaving)

    async def _leave(self, here: _Here, after_s: float) -> None:
        await asyncio.sleep(after_s)
        here.leaving = None
        is_last = not here.elsewhere
        self.peers.tell_went(here.place, is_told=is_last)
        if is_last:
            self._exit(here.place)
            await self._say(here.place, is_here=False)

    async def typing(self, thread_id: UUID, person: PersonView) -> None:
        """Tell the room that somebody types, at most once a second."""
        here = self._rooms.get(thread_id, {}).get(person.id)
        if here is None or not here.tabs or monotonic() - here.typed_at < _TYPING_EVERY_S:
            return
        here.typed_at = monotonic()
        await self._publish(thread_id, TypingNow(person, TYPING_MS))

    # -- people of other processes: what `Peers` hears ----------------------------------------------

    def places(self) -> Sequence[Place]:
        return [here.place for people in self._rooms.values() for here in people.values() if here.is_with_us]

    def came_elsewhere(self, process: str, place: Place, how: How) -> None:
        here = self._here(place)
        is_new = here is None
        here = here or self._enter(place)
        here.elsewhere.add(process)
        # Who sits here may have been shown the room without this person.
        if how is How.LATE or (how is How.MET and is_new and self._has_seats(place.thread_id)):
            self._doubt(place)
        else:
            self._compare(place)

    def went_elsewhere(self, process: str, place: Place, how: How) -> None:
        here = self._here(place)
        if here is None or process not in here.elsewhere:
            return
        here.elsewhere.discard(process)
        is_gone = not here.is_with_us and not here.elsewhere
        if is_gone:
            self._exit(place)
        if how is How.LATE or (how is How.TOLD and not is_gone):
            self._doubt(place)
        elif how is How.UNTOLD and is_gone:
            self._owed[_key(place)] = (monotonic() + OWED_S, place)
            self._settle()
        else:
            self._compare(place)

    def _compare(self, place: Place) -> None:
        """What we told the room a moment ago may have been wrong."""
        told = self._said.get(_key(place))
        if told is not None and told[1] is not (self._here(place) is not None):
            self._doubt(place)

    def _doubt(self, place: Place) -> None:
        """Somebody may have been told wrong: say it again in a moment, as it then is. To be told twice harms nobody."""
        self._doubts[_key(place)] = (monotonic() + DOUBT_S, place)

    async def tick(self) -> None:
        """About once a second."""
        self.peers.tick()
        at = monotonic()
        for key, (due, place) in list(self._doubts.items()):
            if due <= at:
                del self._doubts[key]
                self._tell(place, is_here=self._here(place) is not None)
        self._owed = {key: owed for key, owed in self._owed.items() if owed[0] > at}
        self._said = {key: said for key, said in self._said.items() if said[0] > at}
        self._settle()  # the process that should have told may have died too

    def _settle(self) -> None:
        if not self._owed or not self.peers.is_first:
            return
        owed, self._owed = self._owed, {}
        for _, place in owed.values():
            if self._here(place) is None:
                self._tell(place, is_here=False)

    # -- what is known ----------------------------------------------------------------------------------

    def present(self, thread_id: UUID) -> list[PersonView]:
        """Who is here, in the order they came."""
        return [here.place.person for here in self._rooms.get(thread_id, {}).values()]

    def threads_of(self, project_id: UUID) -> list[UUID]:
        """The project's threads in which somebody is."""
        found = []
        for thread_id, people in self._rooms.items():
            if any(here.place.project_id == project_id for here in people.values()):
                found.append(thread_id)
        return found

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._rooms.clear()
        for kept in (self._owed, self._doubts, self._said):
            kept.clear()

    def _has_seats(self, thread_id: UUID) -> bool:
        return any(here.tabs for here in self._rooms.get(thread_id, {}).values())

    def _enter(self, place: Place) -> _Here:
        here = self._rooms.setdefault(place.thread_id, {})[place.person.id] = _Here(place)
        self._owed.pop(_key(place), None)
        return here

    def _exit(self, place: Place) -> None:
        people = self._rooms.get(place.thread_id, {})
        people.pop(place.person.id, None)
        if not people:
            self._rooms.pop(place.thread_id, None)

    def _here(self, place: Place) -> _Here | None:
        return self._rooms.get(place.thread_id, {}).get(place.person.id)

    async def _say(self, place: Place, *, is_here: bool) -> None:
        self._said[_key(place)] = (monotonic() + OWED_S, is_here)
        await self._publish(place.thread_id, PresenceChanged(place.person, is_here=is_here))

    def _tell(self, place: Place, *, is_here: bool) -> None:
        self._keep(asyncio.get_running_loop().create_task(self._say(place, is_here=is_here)))

    def _keep(self, task: "asyncio.Future[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _key(place: Place) -> Key:
    return place.thread_id, place.person.id


async def _publish(thread_id: UUID, event: PresenceChanged | TypingNow) -> None:
    try:
        await rooms.publish(thread_id, event)
    except Unavailable:
        log.warning("The room of thread %s does not hear who is here: its stream does not answer.", thread_id)


_presence: Presence | None = None


def presence() -> Presence:
    """This process's."""
    global _presence
    if _presence is None:
        _presence = Presence(backend("relay"), _publish)
    return _presence


def reset() -> None:
    """Forget everybody. For a server that stops, and for tests."""
    global _presence
    if _presence is not None:
        _presence.close()
        _presence = None
