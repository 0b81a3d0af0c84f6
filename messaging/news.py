"""News of threads to the lists of those who may see them: hints, outside any order.

An open thread's news goes to whoever watches its project, a private one's to its people alone. What changes
often is told at most every quarter of a second for each thread, as it then stands.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError

from chatplatform.kernel.db import in_db
from messaging import rooms
from messaging.hub import hub
from messaging.protocol import AnyNews, ThreadActive
from threads.access import members_of
from threads.queries import get_thread

log = logging.getLogger(__name__)

GATHER_S = 0.15

_waiting: dict[UUID, asyncio.TimerHandle] = {}
_telling: set[asyncio.Task[None]] = set()


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a thread. `people` is null for an open thread: everybody in the project."""

    project_id: UUID
    people: tuple[UUID, ...] | None
    head_seq: int
    active_at: datetime


def audience_of(thread_id: UUID) -> Audience | None:
    """One or two queries; None for a thread that is gone."""
    thread = get_thread(thread_id)
    if thread is None or thread.main_branch is None:
        return None
    people = tuple(members_of(thread)) if thread.is_private else None
    return Audience(thread.project_id, people, thread.main_branch.head_seq, thread.active_at)


def tell(audience: Audience, item: AnyNews) -> None:
    """To everybody who may see the thread and listens here."""
    if audience.people is None:
        rooms.tell(f"project:{audience.project_id}", item, audience.project_id)
    else:
        for user_id in audience.people:
            rooms.tell(f"user:{user_id}", item, audience.project_id)


def thread_active(thread_id: UUID) -> None:
    """Soon: what was said last in the thread, and which models write in it."""
    if hub().topics and thread_id not in _waiting:
        _waiting[thread_id] = asyncio.get_running_loop().call_later(GATHER_S, _tell_soon, thread_id)


def _tell_soon(thread_id: UUID) -> None:
    _waiting.pop(thread_id, None)
    task = asyncio.get_running_loop().create_task(_tell_active(thread_id))
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _tell_active(thread_id: UUID) -> None:
    try:
        audience = await in_db(audience_of, thread_id)
    except DatabaseError:
        log.exception("News of thread %s is not told.", thread_id)
        return
    if audience is not None:
        tell(audience, ThreadActive(thread_id, audience.head_seq, audience.active_at, rooms.live_slots(thread_id)))


def reset() -> None:
    for timer in _waiting.values():
        timer.cancel()
    _waiting.clear()


rooms.on_speaking.append(thread_active)
