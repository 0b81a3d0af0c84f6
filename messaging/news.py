"""News of threads to the lists of those who may see them, and to people of what concerns them alone.

An open thread's news goes to whoever watches its project, a private one's to its people alone. What changes
often is told at most every few tenths of a second for each thread, as its rows then stand. What is told last is so: see
`leveling`. News of an active thread is looked at again only when it has been quiet for a moment.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError

from chatplatform.kernel.db import in_db_later
from messaging import rooms
from messaging.leveling import level
from messaging.models import OPEN_TURNS, Turn
from messaging.protocol.news import AnyNews, PersonNamed, ThreadActive, ThreadRead
from messaging.types import Message
from threads.access import members_of
from threads.models import Thread
from threads.progress import read_so_far
from threads.queries import get_thread

log = logging.getLogger(__name__)

GATHER_S = 0.15
LOOK_S = 2 * GATHER_S


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of a thread. `people` null: everybody in the project."""

    project_id: UUID
    people: tuple[UUID, ...] | None


def audience_of(thread: Thread) -> Audience:
    """Asks the database only for a private thread's people."""
    people = tuple(sorted(members_of(thread))) if thread.is_private else None
    return Audience(thread.project_id, people)


def tell(audience: Audience, item: AnyNews) -> None:
    """To everybody who may see the thread and listens here."""
    if audience.people is None:
        rooms.tell(f"project.{audience.project_id}", item, audience.project_id)
    else:
        for user_id in audience.people:
            rooms.tell(f"user.{user_id}", item, audience.project_id)


# -- a thread in which something is said ----------------------------------------------------------------

_Active = tuple[Audience, ThreadActive]

_waiting: dict[UUID, asyncio.TimerHandle] = {}
_looking: dict[UUID, tuple[asyncio.TimerHandle, _Active | None]] = {}
_telling: set[asyncio.Task[None]] = set()


def changed(thread_id: UUID) -> None:
    """Something was said in the thread just now, or models began or ceased to write; tell of it soon."""
    if thread_id not in _waiting:
        _waiting[thread_id] = asyncio.get_running_loop().call_later(GATHER_S, _tell_now, thread_id)


def _tell_now(thread_id: UUID) -> None:
    _waiting.pop(thread_id, None)
    if (look := _looking.pop(thread_id, None)) is not None:
        look[0].cancel()  # what is told now is looked at in its stead
    _soon(_ask_and_tell(thread_id, None))


def _look(thread_id: UUID, told: _Active | None) -> None:
    _looking.pop(thread_id, None)
    _soon(_ask_and_tell(thread_id, told))


async def _ask_and_tell(thread_id: UUID, told: _Active | None) -> None:
    """Ask the rows: other processes say and write in this thread as well, and may have told of it before this one did."""
    try:
        found = await in_db_later(_active, thread_id)
    except DatabaseError:
        log.exception("News of thread %s is not told.", thread_id)
        return
    if found is None or (told is not None and _stand(found) == _stand(told)):
        return
    tell(*found)
    await rooms.sent()
    if thread_id not in _waiting:
        _look_later(thread_id, found)


def _look_later(thread_id: UUID, told: _Active) -> None:
    last: _Active | None = told
    if (look := _looking.pop(thread_id, None)) is not None:
        timer, other = look
        timer.cancel()
        if other is None or _stand(other) != _stand(told):
            # Two tasks here told two things: which of them came last is not known, so it is told in any case.
            last = None
    _looking[thread_id] = (asyncio.get_running_loop().call_later(LOOK_S, _look, thread_id, last), last)


def _stand(active: _Active) -> tuple[object, ...]:
    """The rest only grows, and its hearers keep what is higher."""
    return active[0], active[1].live_slots


def _active(thread_id: UUID) -> _Active | None:
    thread = get_thread(thread_id)
    if thread is None or thread.main_branch is None:
        return None
    slots = Turn.objects.filter(thread_id=thread_id, state__in=OPEN_TURNS).values_list("slot", flat=True)
    active = ThreadActive(thread_id, thread.main_branch.head_seq, thread.active_at, sorted(set(slots)))
    return audience_of(thread), active


# -- one person ---------------------------------------------------------------------------------------------


def named(user_id: UUID, message: Message, project_id: UUID | None) -> None:
    """The message, which is told, names this person."""
    _soon(_tell_named(user_id, message, project_id))


def read_changed(user_id: UUID, message: Message) -> None:
    """What names this person has changed with the message, which was deleted or restored."""
    _soon(tell_read(user_id, message.thread_id, message.branch_id))


async def _tell_named(user_id: UUID, message: Message, project_id: UUID | None) -> None:
    stands = await in_db_later(_read, user_id, message.thread_id, message.branch_id)
    if stands.named is None:  # they have read it meanwhile, or it was taken back
        return
    item = PersonNamed(message.thread_id, message.id, message.author.name, stands.named)
    rooms.tell(f"user.{user_id}", item, project_id)
    await rooms.sent()
    await tell_read(user_id, message.thread_id, message.branch_id, told=stands)


async def tell_read(user_id: UUID, thread_id: UUID, branch_id: UUID, told: ThreadRead | None = None) -> None:
    """Let the person's tabs know how far they have read the branch, and what names them still."""

    async def tell_them(item: ThreadRead) -> None:
        rooms.tell(f"user.{user_id}", item)
        await rooms.sent()

    await level(partial(_read, user_id, thread_id, branch_id), tell_them, told=told)


def _read(user_id: UUID, thread_id: UUID, branch_id: UUID) -> ThreadRead:
    return ThreadRead(thread_id, branch_id, *read_so_far(user_id, thread_id, branch_id))


# -- tasks --------------------------------------------------------------------------------------------------


def _soon(telling: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(telling)
    _telling.add(task)
    task.add_done_callback(_told)


def _told(task: asyncio.Task[None]) -> None:
    _telling.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("News was not told.", exc_info=error)


def reset() -> None:
    for timer in (*_waiting.values(), *(timer for timer, _ in _looking.values())):
        timer.cancel()
    _waiting.clear()
    _looking.clear()
    for task in _telling:
        if not task.get_loop().is_closed():  # a closed loop, as after a test, runs nothing more of it
            task.cancel()
    _telling.clear()


rooms.on_speaking.append(changed)
