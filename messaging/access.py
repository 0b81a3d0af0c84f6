"""The async door to threads and projects: the one place where live code asks who may do what.

Answers are kept for two seconds, for a person types and scrolls more often than roles change; any change of access
drops them all in every process (`notices.AccessChanged`), and should that word be lost the two seconds bound the harm.
Refusals are never kept. Whatever changes something asks the rows, with `thread_now` or in its own transaction.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from uuid import UUID

from chatplatform.kernel.clock import monotonic
from chatplatform.kernel.db import in_db
from projects.access import Access, access_project
from projects.roles import Permission
from threads.access import ThreadAccess, access_thread

KEPT_S = 2.0
_MOST = 10_000

T = TypeVar("T")

_kept: dict[Hashable, tuple[float, Any]] = {}
_generation = 0


async def thread(user_id: UUID, thread_id: UUID, permission: Permission) -> ThreadAccess:
    """Let the person into the thread, or raise NotFound or Forbidden."""
    return await _ask(("thread", user_id, thread_id, permission), access_thread, user_id, thread_id, permission)


async def thread_now(user_id: UUID, thread_id: UUID, permission: Permission) -> ThreadAccess:
    """As `thread`, and no answer that was kept is believed: for what changes something."""
    return await in_db(access_thread, user_id, thread_id, permission)


async def project(user_id: UUID, project_id: UUID, permission: Permission) -> Access:
    """Let the person into the project, or raise NotFound or Forbidden."""
    return await _ask(("project", user_id, project_id, permission), access_project, user_id, project_id, permission)


def generation() -> int:
    """Counts the changes of anybody's access. What was found out under another number may be wrong by now."""
    return _generation


def drop() -> None:
    """Forget every answer, also those that are being looked up: somebody's access has changed."""
    global _generation
    _generation += 1
    _kept.clear()


async def _ask(key: Hashable, door: Callable[..., T], *who_and_what: Any) -> T:
    kept = _kept.get(key)
    if kept is not None and kept[0] > monotonic():
        answer: T = kept[1]
        return answer
    while True:
        before = _generation
        answer = await in_db(door, *who_and_what)
        if before == _generation:  # else it may have been looked up just before somebody's access changed
            break
    if len(_kept) >= _MOST:
        _kept.clear()
    _kept[key] = (monotonic() + KEPT_S, answer)
    return answer
