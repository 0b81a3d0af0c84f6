"""News of threads to the lists of those who may see them: hints, outside any order.

An open thread's news goes to whoever watches its project, a private one's to its people alone. What changes
often is told at most every quarter of a second for each thread, as it then stands.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError

from chatplatform.kernel.db import in_db
from messaging import access, rooms
from messaging.protocol import AnyNews, ThreadActive
from messaging.types import Message
from threads.access import members_of
from threads.models import Thread
from threads.queries import get_thread

log = logging.getLogger(__name__)

GATHER_S = 0.15

_MOST_KNOWN = 5000


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a thread, and what its row in their lists says. `people` null: everybody in the project."""

    project_id: UUID
    people: tuple[UUID, ...] | None
    main_branch_id: UUID
    head_seq: int
    active_at: datetime


def audience_of(thread: Thread) -> Audience:
    """Of a thread that is loaded with its main branch. Asks the database only for a private one's people."""
    main = thread.main_branch
    assert main is not None  # set in the transaction that creates the thread
    people = tuple(members_of(thread)) if thread.is_private else None
    return Audience(thread.project_id, people, main.id, main.head_seq, thread.active_at)


def tell(audience: Audience, item: AnyNews) -> None:
    """To everybody who may see the thread and listens here."""
    if audience.people is None:
        rooms.tell(f"project.{audience.project_id}", item, audience.project_id)
    else:
        for user_id in audience.people:
            rooms.tell(f"user.{user_id}", item, audience.project_id)


# What is known of threads that are talked in, until somebody's access changes; so an answer's end asks no database.
_known: dict[UUID, tuple[int, Audience]] = {}
_waiting: dict[UUID, asyncio.TimerHandle] = {}
_telling: set[asyncio.Task[None]] = set()


def said(thread_id: UUID, audience: Audience) -> None:
    """Something was said in the thread just now; tell of it soon."""
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    _known[thread_id] = (access.generation(), audience)
    _tell_later(thread_id)


def speaking_changed(thread_id: UUID, places: Sequence[Message]) -> None:
    """Models began (at these places) or ceased to write; tell of it soon."""
    known = _known.get(thread_id)
    if known is not None:
        generation, audience = known
        for place in places:
            if place.branch_id == audience.main_branch_id and place.seq > audience.head_seq:
                audience = replace(audience, head_seq=place.seq, active_at=max(audience.active_at, place.created_at))
        _known[thread_id] = (generation, audience)
    _tell_later(thread_id)


def _tell_later(thread_id: UUID) -> None:
    if thread_id not in _waiting:
        _waiting[thread_id] = asyncio.get_running_loop().call_later(GATHER_S, _tell_now, thread_id)


def _tell_now(thread_id: UUID) -> None:
    _waiting.pop(thread_id, None)
    generation, audience = _known.get(thread_id, (-1, None))
    if audience is not None and generation == access.generation():
        _tell_active(thread_id, audience)
        return
    task = asyncio.get_running_loop().create_task(_ask_and_tell(thread_id))
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _ask_and_tell(thread_id: UUID) -> None:
    generation = access.generation()
    try:
        audience = await in_db(_audience, thread_id)
    except DatabaseError:
        log.exception("News of thread %s is not told.", thread_id)
        return
    if audience is not None:
        _known[thread_id] = (generation, audience)
        _tell_active(thread_id, audience)


def _audience(thread_id: UUID) -> Audience | None:
    thread = get_thread(thread_id)
    return audience_of(thread) if thread is not None else None


def _tell_active(thread_id: UUID, audience: Audience) -> None:
    tell(audience, ThreadActive(thread_id, audience.head_seq, audience.active_at, rooms.live_slots(thread_id)))


def reset() -> None:
    for timer in _waiting.values():
        timer.cancel()
    _waiting.clear()
    _known.clear()


rooms.on_speaking.append(speaking_changed)
