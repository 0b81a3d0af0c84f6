"""News of threads to the lists of those who may see them: hints, outside any order.

An open thread's news goes to whoever watches its project, a private one's to its people alone. What changes
often is told at most every few tenths of a second for each thread, as its rows then stand.
"""

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError

from chatplatform.kernel.db import in_db_later
from messaging import rooms
from messaging.models import OPEN_TURNS, Turn
from messaging.protocol.news import AnyNews, ThreadActive
from threads.access import members_of
from threads.models import Thread
from threads.queries import get_thread

log = logging.getLogger(__name__)

GATHER_S = 0.15


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a thread. `people` null: everybody in the project."""

    project_id: UUID
    people: tuple[UUID, ...] | None


def audience_of(thread: Thread) -> Audience:
    """Asks the database only for a private thread's people."""
    people = tuple(members_of(thread)) if thread.is_private else None
    return Audience(thread.project_id, people)


def tell(audience: Audience, item: AnyNews) -> None:
    """To everybody who may see the thread and listens here."""
    if audience.people is None:
        rooms.tell(f"project.{audience.project_id}", item, audience.project_id)
    else:
        for user_id in audience.people:
            rooms.tell(f"user.{user_id}", item, audience.project_id)


_waiting: dict[UUID, asyncio.TimerHandle] = {}
_telling: set[asyncio.Task[None]] = set()


def changed(thread_id: UUID) -> None:
    """Something was said in the thread just now, or models began or ceased to write; tell of it soon."""
    if thread_id not in _waiting:
        _waiting[thread_id] = asyncio.get_running_loop().call_later(GATHER_S, _tell_now, thread_id)


def _tell_now(thread_id: UUID) -> None:
    _waiting.pop(thread_id, None)
    task = asyncio.get_running_loop().create_task(_ask_and_tell(thread_id))
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _ask_and_tell(thread_id: UUID) -> None:
    """Ask the rows: other processes say and write in this thread as well."""
    try:
        found = await in_db_later(_active, thread_id)
    except DatabaseError:
        log.exception("News of thread %s is not told.", thread_id)
        return
    if found is not None:
        tell(*found)


def _active(thread_id: UUID) -> tuple[Audience, ThreadActive] | None:
    thread = get_thread(thread_id)
    if thread is None or thread.main_branch is None:
        return None
    slots = Turn.objects.filter(thread_id=thread_id, state__in=OPEN_TURNS).values_list("slot", flat=True)
    active = ThreadActive(thread_id, thread.main_branch.head_seq, thread.active_at, sorted(set(slots)))
    return audience_of(thread), active


def reset() -> None:
    for timer in _waiting.values():
        timer.cancel()
    _waiting.clear()


rooms.on_speaking.append(changed)
