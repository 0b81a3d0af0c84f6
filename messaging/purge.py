"""What was deleted is gone for good after thirty days: projects with all that was said in them, and private threads that
nobody is in any more, which nobody could bring back.

In small steps, so that nobody waits for it. A thread's messages go first and its rows last: what a crash cut off is found again,
and several processes may do the same at once. Of a project one line stays, in the log of the server, and the bare ids of its
branches.
"""

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db_later
from chatplatform.kernel.errors import AppError
from messaging.models import Outbox, PurgedBranch, Run, Turn
from messaging.stores.base import MessageStore
from projects.audit import note
from projects.models import Project
from projects.queries import KEPT_DAYS
from threads.models import Branch, Choice, Mention, Participant, ReadMark, Thread

log = logging.getLogger(__name__)

EVERY_S = 3600.0
STEP = 200  # rows that go in one transaction
_MARGIN = timedelta(hours=1)  # somebody may be bringing it back at the last moment

_task: asyncio.Task[None] | None = None


async def start() -> None:
    global _task
    _task = asyncio.get_running_loop().create_task(_sweep_for_ever(), name="purge")


async def stop() -> None:
    global _task
    if _task is not None:
        _task.cancel()
        await asyncio.wait({_task})
        _task = None


async def _sweep_for_ever() -> None:
    while True:
        await asyncio.sleep(random.uniform(0.05, 1) * EVERY_S)  # noqa: S311  processes that start together, one by one
        try:
            await sweep()
        except (AppError, DatabaseError) as error:
            log.warning("What was deleted long ago could not be purged; trying again within the hour: %s", error)
        except Exception:  # a mistake of ours must not end the purging
            log.exception("What was deleted long ago could not be purged; trying again within the hour.")


async def sweep() -> int:
    """Purge what is due; how many projects and threads."""
    abandoned = await in_db_later(_abandoned)
    for thread_id in abandoned:
        await _forget_thread(thread_id)
    due = await in_db_later(_due)
    for project_id in due:
        for thread_id in await in_db_later(_threads_of, project_id):
            await _forget_thread(thread_id)
        await in_db_later(_forget_project, project_id)
    if abandoned or due:
        log.info(
            "%d projects that were deleted and %d threads that nobody was in are purged.", len(due), len(abandoned)
        )
    return len(abandoned) + len(due)


def _long_ago() -> datetime:
    return now() - timedelta(days=KEPT_DAYS) - _MARGIN


def _due() -> list[UUID]:
    return list(Project.objects.filter(deleted_at__lt=_long_ago()).values_list("pk", flat=True))


def _threads_of(project_id: UUID) -> list[UUID]:
    return list(Thread.objects.filter(project_id=project_id).values_list("pk", flat=True))


def _abandoned() -> list[UUID]:
    """Private threads without people, thirty days after they were archived, which happens here when they are found. One whose
    history another thread goes on with stays as long as that."""
    people = Participant.objects.filter(thread=OuterRef("pk"), user__isnull=False)
    nobodys = Thread.objects.filter(~Exists(people), is_private=True, project__deleted_at=None)
    nobodys.filter(archived_at=None).update(archived_at=now())
    heirs = Branch.objects.filter(parent__thread=OuterRef("pk")).exclude(thread=OuterRef("pk"))
    return list(nobodys.filter(~Exists(heirs), archived_at__lt=_long_ago()).values_list("pk", flat=True))


async def _forget_thread(thread_id: UUID) -> None:
    store: MessageStore = backend("message_store")
    branches = await in_db_later(_branches_of, thread_id)
    await in_db_later(_note_purged, branches)
    for branch_id in branches:
        await store.forget(branch_id)
    while await in_db_later(_forget_some, thread_id):
        pass


def _branches_of(thread_id: UUID) -> list[UUID]:
    return list(Branch.objects.filter(thread_id=thread_id).values_list("pk", flat=True))


def _note_purged(branches: Sequence[UUID]) -> None:
    """For a store that is not in use now and still has them, see `messaging/moving/copying.py`."""
    PurgedBranch.objects.bulk_create([PurgedBranch(branch_id=one) for one in branches], ignore_conflicts=True)


@transaction.atomic
def _forget_some(thread_id: UUID) -> bool:
    """Some of the thread's rows, at last the thread. False: nothing is left."""
    every: Sequence[QuerySet[Any]] = (
        Turn.objects.filter(thread_id=thread_id),
        Run.objects.filter(thread_id=thread_id),
        Outbox.objects.filter(thread_id=thread_id),
        Choice.objects.filter(branch__thread_id=thread_id),
        ReadMark.objects.filter(thread_id=thread_id),
        Mention.objects.filter(thread_id=thread_id),
    )
    for rows in every:
        some = list(rows.values_list("pk", flat=True)[:STEP])
        if some:
            rows.model._base_manager.filter(pk__in=some).delete()
            return True
    Thread.objects.filter(pk=thread_id).delete()
    return False


@transaction.atomic
def _forget_project(project_id: UUID) -> None:
    project = Project.objects.select_for_update(no_key=True).filter(pk=project_id, deleted_at__lt=_long_ago()).first()
    if project is None or project.threads.exists():
        return  # somebody else has done it
    note(None, None, "project.purged", project.name, project_id=str(project.pk))
    project.delete()
