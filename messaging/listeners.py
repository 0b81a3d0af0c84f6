"""What the live side does when people, projects or threads change: the receivers of the areas' signals.

Signals come from database threads, after the commit. A receiver only hops to the server's loop, with an empty
context (asgiref refuses a database thread that inherits one); what has to be read is read from there.
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from chatplatform.kernel.db import in_db
from chatplatform.kernel.errors import Unavailable
from messaging import access, news, notices, protocol, revocation, rooms
from messaging.hub import hub
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
from messaging.protocol.news import AnyNews, ModelsChanged, ProjectsChanged, ThreadGone, ThreadListed, ThreadRead
from messaging.providers import signals as providers
from messaging.providers.catalog import catalog
from projects import signals as projects
from projects.models import Membership
from threads import signals as threads
from threads.models import Branch
from threads.queries import branch_view, get_thread, thread_view
from threads.types import BranchView, ChoiceView, NamedView, ThreadView

log = logging.getLogger(__name__)

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


def stop() -> None:
    global _loop
    _loop = None
    notices.stop()
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
    lost: AnyNews = ThreadGone(thread_id) if thread_id is not None else ProjectsChanged(project_id)
    _on_loop(rooms.tell, f"user.{user_id}", lost, project_id)


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
    _on_loop(_soon, _list_thread, thread_id)


def _thread_changed(*, thread_id: UUID, **_: Any) -> None:
    notices.send_from_thread(AccessChanged())  # it may have been archived or closed to others
    _on_loop(_soon, _tell_thread_changed, thread_id)


async def _tell_thread_changed(thread_id: UUID) -> None:
    view = await _list_thread(thread_id)
    if view is not None:
        await _publish(thread_id, ThreadChanged(view))


async def _list_thread(thread_id: UUID) -> ThreadView | None:
    """Tell the lists of those who may see the thread."""
    read = await in_db(_thread, thread_id)
    if read is None:
        return None
    view, audience = read
    news.tell(audience, ThreadListed(view))
    return view


def _thread(thread_id: UUID) -> tuple[ThreadView, news.Audience] | None:
    thread = get_thread(thread_id)
    return (thread_view(thread), news.audience_of(thread)) if thread is not None else None


def _thread_read(
    *, user_id: UUID, thread_id: UUID, branch_id: UUID, seq: int, named: NamedView | None, **_: Any
) -> None:
    _on_loop(rooms.tell, f"user.{user_id}", ThreadRead(thread_id, branch_id, seq, named))


def _branch_created(*, branch_id: UUID, **_: Any) -> None:
    _on_loop(_soon, _tell_branch, branch_id, BranchCreated)


def _branch_changed(*, branch_id: UUID, **_: Any) -> None:
    _on_loop(_soon, _tell_branch, branch_id, BranchChanged)


async def _tell_branch(branch_id: UUID, event: type[BranchCreated] | type[BranchChanged]) -> None:
    view = await in_db(_branch, branch_id)
    if view is not None:
        await _publish(view.thread_id, event(view))


def _branch(branch_id: UUID) -> BranchView | None:
    branch = Branch.objects.select_related("thread", "created_by").filter(pk=branch_id).first()
    return branch_view(branch) if branch is not None else None


def _choice_changed(*, thread_id: UUID, choice: ChoiceView, by: str, **_: Any) -> None:
    _on_loop(_soon, _publish, thread_id, ChoiceChanged(choice, by))


async def _publish(thread_id: UUID, event: AnyEvent) -> None:
    try:
        await rooms.publish(thread_id, event)
    except Unavailable:
        log.warning("The room of thread %s does not hear of a change: its stream does not answer.", thread_id)
