"""Taking hearing away from the sockets of this process: at once when somebody's access or session ends, whichever process
ended it (`notices`), and by a look at the rows every half minute and whenever a notice may have been lost.

A person who may not hear a room any more gets `revoked` and nothing of it afterwards, queued frames included; a
session that ended closes its sockets. The regular look is the safety net for what no signal told.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import DatabaseError

from chatplatform.kernel.clock import monotonic, now
from chatplatform.kernel.db import in_db
from messaging import access
from messaging.hub import hub
from messaging.presence import presence
from messaging.sockets import Seat
from projects.models import Membership, User
from threads.models import Participant, Thread

log = logging.getLogger(__name__)

LOOK_EVERY_S = 30.0
BLIND_FOR_S = 120.0  # without a database to ask, nobody is trusted longer

_seen_at = 0.0


def access_lost(user_id: UUID, project_id: UUID, thread_id: UUID | None) -> None:
    """Somebody may not see the project, or the thread, any more. On the loop."""
    access.drop()
    _gone(hub().revoke(user_id, project_id, thread_id))


def signed_out(user_id: UUID, session_key: str | None) -> None:
    """A session, or (null) every session of that person, has ended. On the loop."""
    access.drop()
    ended = [
        socket for socket in hub().sockets if socket.person.id == user_id and session_key in {None, socket.session_key}
    ]
    _gone(seat for socket in ended for seat in socket.seats.values())
    hub().sign_out(ended)


def session_moved(user_id: UUID, old_key: str, new_key: str) -> None:
    """A session goes on under another key, after its person set a new password. On the loop."""
    for socket in hub().sockets:
        if socket.person.id == user_id and socket.session_key == old_key:
            socket.session_key, socket.stamp = new_key, ""


def _gone(seats: Iterable[Seat]) -> None:
    for seat in list(seats):
        presence().went(seat.thread_id, seat.socket.person.id, seat.socket.id, at_once=True)


# -- the regular look ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Standing:
    """What rows say of all who listen here."""

    sessions: Collection[str]  # still good
    stamps: dict[UUID, str]  # of those still active: what their sessions are made under
    members: Collection[tuple[UUID, UUID]]  # (user, project)
    private: Collection[UUID]  # threads
    let_in: Collection[tuple[UUID | None, UUID]]  # (user, private thread)

    def may_hear(self, seat: Seat) -> bool:
        user_id = seat.socket.person.id
        if (user_id, seat.project_id) not in self.members:
            return False
        return seat.thread_id not in self.private or (user_id, seat.thread_id) in self.let_in


async def look() -> None:
    """Compare everybody who listens here with the rows, in one unit of work, and take away what is not theirs."""
    global _seen_at
    sockets = list(hub().sockets)
    seats = [seat for socket in sockets for seat in socket.seats.values() if seat.project_id is not None]
    watched = {topic.removeprefix("project.") for s in sockets for topic in s.topics if topic.startswith("project.")}
    try:
        standing = await in_db(
            _standing,
            {socket.session_key for socket in sockets},
            {socket.person.id for socket in sockets},
            {seat.project_id for seat in seats if seat.project_id} | {UUID(each) for each in watched},
            {seat.thread_id for seat in seats},
        )
    except DatabaseError:
        log.exception("Who may listen could not be looked up.")
        if _seen_at and monotonic() - _seen_at > BLIND_FOR_S:
            for socket in sockets:
                socket.close(1013, "unavailable", reconnect=True, after_ms=5000)
        return
    _seen_at = monotonic()
    for socket in sockets:
        stamp = standing.stamps.get(socket.person.id)
        socket.stamp = socket.stamp or stamp or ""
        if socket.session_key not in standing.sessions or socket.stamp != stamp:
            log.warning("Socket %s is closed: its session ended without a signal.", socket.id)
            signed_out(socket.person.id, socket.session_key)
            continue
        for topic in tuple(socket.topics):
            kind, _, key = topic.partition(".")
            if kind == "project" and (socket.person.id, UUID(key)) not in standing.members:
                hub().unwatch(socket, topic)
    for seat in seats:
        if hub().is_seated(seat) and not standing.may_hear(seat):
            log.warning(
                "Socket %s hears thread %s no more: access ended without a signal.", seat.socket.id, seat.thread_id
            )
            hub().take_away(seat)
            _gone([seat])


def _standing(sessions: set[str], people: set[UUID], projects: set[UUID], threads: set[UUID]) -> _Standing:
    good = Session.objects.filter(session_key__in=sessions, expire_date__gt=now())
    active = User.objects.filter(pk__in=people, is_active=True).only("pk", "password")
    members = Membership.objects.filter(user__in=people, project__in=projects, project__deleted_at=None)
    private = Thread.objects.filter(pk__in=threads, is_private=True)
    let_in = Participant.objects.filter(thread__in=private, user__in=people).values_list("user_id", "thread_id")
    return _Standing(
        sessions=set(good.values_list("session_key", flat=True)),
        stamps={user.pk: user.get_session_auth_hash() for user in active},
        members=set(members.values_list("user_id", "project_id")),
        private=set(private.values_list("pk", flat=True)),
        let_in=set(let_in),
    )
