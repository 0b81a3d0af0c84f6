"""What the live side does when people, projects or threads change: the receivers of the areas' signals.

Signals come from database threads, after the commit. A receiver only hops to the server's loop, with an empty
context (asgiref refuses a database thread that inherits one); what has to be read is read from there.
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any
from uuid import UUID

from django.dispatch import Signal
from msgspec.structs import replace

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Unavailable
from messaging import access, news, notices, protocol, revocation, rooms
from messaging.hub import hub
from messaging.leveling import level
from messaging.notices import AccessChanged, AccessLost, SessionEnded, SessionMoved
from messaging.presence import presence
from messaging.protocol.events import (
    AnyEvent,
    BranchChanged,
    BranchCreated,
    ChoiceChanged,
    MemberChanged,
    ThreadChanged,
)
from messaging.protocol.frames import News
from messaging.protocol.news import ModelsChanged, ProjectsChanged, ThreadGone, ThreadListed
from messaging.providers import signals as providers
from messaging.providers.catalog import catalog
from projects import signals as projects
from projects.models import Membership
from threads import choices
from threads import signals as threads
from threads.models import Branch
from threads.queries import branch_view, get_thread, thread_view
from threads.types import BranchView, ChoiceView, ThreadView

log = logging.getLogger(__name__)

FINISH_S = 2.0

_loop: asyncio.AbstractEventLoop | None = None
_tasks: set[asyncio.Task[None]] = set()


def connect() -> None:
    """Attach the receivers. Called once, when the app is ready."""
    receivers: dict[Signal, Callable[..., None]] = {
        projects.access_lost: _access_lost,
        projects.signed_out: _signed_out,
        projects.session_moved: _session_moved,
        projects.members_changed: _members_changed,
        projects.project_changed: _project_changed,
        providers.models_changed: _models_changed,
        providers.provider_stood: _provider_stood,
        threads.thread_created: _thread_created,
        threads.thread_changed: _thread_changed,
        threads.thread_read: _thread_read,
        threads.branch_created: _branch_created,
        threads.branch_changed: _branch_changed,
        threads.choice_changed: _choice_changed,
    }
    for signal, receiver in receivers.items():
        signal.connect(receiver, weak=False, dispatch_uid="messaging")
    notices.act(AccessChanged, lambda _: access.drop())
    notices.act(AccessLost, lambda lost: revocation.access_lost(lost.user_id, lost.project_id, lost.thread_id))
    notices.act(SessionEnded, lambda ended: revocation.signed_out(ended.user_id, ended.session_key))
    notices.act(SessionMoved, lambda moved: revocation.session_moved(moved.user_id, moved.old_key, moved.new_key))
    notices.act(notices.ModelsChanged, _act_on_models)
    notices.act(notices.ProviderStood, _act_on_provider)


def start(loop: asyncio.AbstractEventLoop) -> None:
    """From now on changes are told to this loop."""
    global _loop
    _loop = loop
    notices.start(loop)


async def stop() -> None:
    """Tell what has been changed already, if it can be told soon: nobody else does."""
    global _loop
    _loop = None
    notices.stop()
    if _tasks:
        await asyncio.wait(tuple(_tasks), timeout=FINISH_S)
    for task in _tasks:
        task.cancel()


def _on_loop(call: Callable[..., None], *args: Any) -> None:
    """Without a server in this process (a command, a migration) nobody listens."""
    loop = _loop
    if loop is not None and not loop.is_closed():
        loop.call_soon_threadsafe(call, *args, context=contextvars.Context())


def _soon(work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
    task = asyncio.get_running_loop().create_task(_logged(work, *args))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


async def _logged(work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
    try:
        await work(*args)
    except Exception:
        log.exception("A change was not told to those who look at it: %s%r", work.__name__, args)


# -- people and projects ---------------------------------------------------------------------------------


def _access_lost(*, user_id: UUID, project_id: UUID, thread_id: UUID | None, **_: Any) -> None:
    notices.send_from_thread(AccessLost(user_id, project_id, thread_id))
    if thread_id is not None:
        _on_loop(_soon, _tell_gone, user_id, thread_id, project_id)
    else:
        _on_loop(rooms.tell, f"user.{user_id}", ProjectsChanged(project_id), project_id)


async def _tell_gone(user_id: UUID, thread_id: UUID, project_id: UUID) -> None:
    async def tell(seen: tuple[ThreadView, ...]) -> None:
        item = ThreadListed(seen[0]) if seen else ThreadGone(thread_id)
        rooms.tell(f"user.{user_id}", item, project_id)
        await rooms.sent()

    await level(partial(_as_seen_by, user_id, thread_id), tell, stand=bool)


def _as_seen_by(user_id: UUID, thread_id: UUID) -> tuple[ThreadView, ...]:
    """Nothing of a private thread that they are not in; somebody may have let them in again meanwhile."""
    found = _thread(thread_id)
    return (found[0],) if found is not None and user_id in (found[1].people or ()) else ()


def _signed_out(*, user_id: UUID, session_key: str | None, **_: Any) -> None:
    notices.send_from_thread(SessionEnded(user_id, session_key))


def _session_moved(*, user_id: UUID, old_key: str, new_key: str, **_: Any) -> None:
    notices.send_from_thread(SessionMoved(user_id, old_key, new_key))


def _members_changed(*, project_id: UUID, user_id: UUID, **_: Any) -> None:
    notices.send_from_thread(AccessChanged())
    _on_loop(_tell_members, project_id, user_id)


def _tell_members(project_id: UUID, user_id: UUID) -> None:
    rooms.tell(f"user.{user_id}", ProjectsChanged(project_id), project_id)
    for thread_id in presence().threads_of(project_id):
        _soon(_publish, thread_id, MemberChanged(user_id))


def _project_changed(*, project_id: UUID, **_: Any) -> None:
    notices.send_from_thread(AccessChanged())
    _on_loop(_soon, _tell_project_to_members, project_id)


async def _tell_project_to_members(project_id: UUID) -> None:
    for user_id in await in_db(_member_ids, project_id):
        rooms.tell(f"user.{user_id}", ProjectsChanged(project_id), project_id)


def _member_ids(project_id: UUID) -> list[UUID]:
    return list(Membership.objects.filter(project_id=project_id).values_list("user_id", flat=True))


# -- models: what each process does on the notice ------------------------------------------------------------


def _models_changed(*, project_id: UUID | None, **_: Any) -> None:
    notices.send_from_thread(notices.ModelsChanged(project_id))


def _provider_stood(*, slug: str, state: Any, for_s: float, **_: Any) -> None:
    notices.send_from_thread(notices.ProviderStood(slug, state, for_s))


def _act_on_provider(notice: notices.ProviderStood) -> None:
    for serving in catalog().providers():
        if serving.slug == notice.slug:
            catalog().states.hear(serving, notice.state, notice.for_s)


def _act_on_models(notice: notices.ModelsChanged) -> None:
    _soon(_look_at_models, notice.project_id)


async def _look_at_models(project_id: UUID | None) -> None:
    """To those here who watch the project; without one, every project's models may be other ones now."""
    if project_id is None:
        await catalog().reload(is_news=False)
    for topic in list(hub().topics):
        kind, _, key = topic.partition(".")
        if kind == "project" and project_id in {None, UUID(key)}:
            hub().hear_news(topic, protocol.encode(News(UUID(key), ModelsChanged())))


# -- threads ----------------------------------------------------------------------------------------------


def _thread_created(*, thread_id: UUID, **_: Any) -> None:
    _on_loop(_soon, _tell_thread, thread_id, False)


def _thread_changed(*, thread_id: UUID, **_: Any) -> None:
    notices.send_from_thread(AccessChanged())  # it may have been archived or closed to others
    _on_loop(_soon, _tell_thread, thread_id, True)


_Found = tuple[ThreadView, news.Audience]


async def _tell_thread(thread_id: UUID, has_room: bool) -> None:
    """Tell the lists of those who may see the thread and, unless it is new, its room."""
    people: frozenset[UUID] = frozenset()

    async def tell(found: _Found) -> None:
        nonlocal people
        view, audience = found
        if has_room:
            await _publish(thread_id, ThreadChanged(view))
        before, people = people, frozenset(audience.people or ())
        news.tell(audience, ThreadListed(view))
        for user_id in before - people:  # taken out meanwhile: what they were told of that came before
            rooms.tell(f"user.{user_id}", ThreadGone(thread_id), audience.project_id)
        await rooms.sent()

    await level(partial(_thread, thread_id), tell, stand=_stand_of_thread)


def _thread(thread_id: UUID) -> _Found | None:
    thread = get_thread(thread_id)
    return (thread_view(thread), news.audience_of(thread)) if thread is not None else None


def _stand_of_thread(found: _Found) -> object:
    view, audience = found
    return replace(view, head_seq=0, active_at=view.created_at), audience


def _thread_read(*, user_id: UUID, thread_id: UUID, branch_id: UUID, **_: Any) -> None:
    _on_loop(_soon, news.tell_read, user_id, thread_id, branch_id)


def _branch_created(*, branch_id: UUID, **_: Any) -> None:
    _on_loop(_soon, _tell_branch, branch_id, BranchCreated)


def _branch_changed(*, branch_id: UUID, **_: Any) -> None:
    _on_loop(_soon, _tell_branch, branch_id, BranchChanged)


async def _tell_branch(branch_id: UUID, event: type[BranchCreated] | type[BranchChanged]) -> None:
    async def tell(view: BranchView) -> None:
        await _publish(view.thread_id, event(view))

    await level(partial(_branch, branch_id), tell, stand=lambda view: replace(view, head_seq=0))


def _branch(branch_id: UUID) -> BranchView | None:
    branch = Branch.objects.select_related("thread", "created_by").filter(pk=branch_id).first()
    return branch_view(branch) if branch is not None else None


def _choice_changed(*, thread_id: UUID, choice: ChoiceView, by: str, **_: Any) -> None:
    _on_loop(_soon, _tell_choice, thread_id, choice, by)


async def _tell_choice(thread_id: UUID, made: ChoiceView, by: str) -> None:
    async def tell(choice: ChoiceView) -> None:
        await _publish(thread_id, ChoiceChanged(choice, by if choice == made else ""))

    await level(partial(choices.of_room, made.branch_id, made.seq, made.lane), tell)


async def _publish(thread_id: UUID, event: AnyEvent) -> None:
    try:
        await rooms.publish(thread_id, event)
    except Unavailable:
        log.warning("The room of thread %s does not hear of a change: its stream does not answer.", thread_id)
