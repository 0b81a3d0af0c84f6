"""Thirty days after it was deleted a project is gone with all that was said in it, and nothing else is."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.apps import apps

from chatplatform.kernel.backends import backend
from chatplatform.kernel.clock import now
from chatplatform.kernel.db import in_db
from chatplatform.kernel.ids import new_id
from messaging import outbox, purge, services
from messaging.models import Run, Turn
from messaging.moving import progress
from messaging.protocol.commands import Send
from messaging.providers import offers
from messaging.runs import endings
from messaging.runs.types import Ending
from messaging.types import Range
from projects.models import AuditEntry, Membership, Project, Role, User
from threads.models import Branch, Choice, Mention, Participant, ReadMark, Thread
from threads.services import Origin, choose, create_thread, fork

pytestmark = pytest.mark.django_db(transaction=True)


def talk(user: User, thread: Thread, times: int = 2) -> None:
    """Questions and their answers, settled; the messages are left in the outbox."""
    model = offers.offered(thread.project_id)[0][0].id
    for _ in range(times):
        command = Send(id="1", client_id=new_id(), thread_id=thread.id, body="When does it leave?", models=[model])
        accepted = services._accept(user.id, command)
        assert accepted.run is not None and accepted.run.begun[0].job is not None
        endings.settle(accepted.run.begun[0].job, Ending("complete", "At 07:40."))


def grown(user: User, project: Project, **fields: object) -> Thread:
    """A thread in which something of everything has happened."""
    thread = create_thread(user.id, project.id, line_up=[], **fields)  # type: ignore[arg-type]
    talk(user, thread)
    assert thread.main_branch_id is not None
    fork(user.id, thread.id, "other", thread.main_branch_id, 2, 0)
    choose(user.id, thread.id, thread.main_branch_id, 2, -1, 0, True)
    Mention.objects.create(user=user, thread=thread, branch_id=thread.main_branch_id, seq=1)
    return thread


def deleted(project: Project, days: float) -> None:
    Project.objects.filter(pk=project.pk).update(deleted_at=now() - timedelta(days=days))


async def said_in(branch_id: UUID | None) -> int:
    assert branch_id is not None
    return len(await backend("message_store").page([Range(branch_id, 1)], limit=200))


async def test_a_deleted_project_is_gone_after_thirty_days(project: Project, alice: User) -> None:
    other = await in_db(Project.objects.create, name="Harbour", created_by=alice)
    await in_db(Membership.objects.create, project=other, user=alice, role=Role.OWNER)
    gone, kept = await in_db(grown, alice, project), await in_db(grown, alice, other)
    await outbox.sweep(0)
    assert (await said_in(gone.main_branch_id), await said_in(kept.main_branch_id)) == (4, 4)

    await in_db(deleted, project, 29.9)
    assert await purge.sweep() == 0
    await in_db(deleted, project, 31)
    assert await purge.sweep() == 1
    assert await purge.sweep() == 0

    assert (await said_in(gone.main_branch_id), await said_in(kept.main_branch_id)) == (0, 4)
    # A store that was moved away from, or is moved to, learns of it by this.
    assert gone.main_branch_id in await in_db(progress.purged_since)
    assert kept.main_branch_id not in await in_db(progress.purged_since)

    def left() -> None:
        assert list(Project.objects.all()) == [other]
        for kept_model in (Thread, Run, Turn, Branch, ReadMark, Mention, Choice):
            assert kept_model._base_manager.exists(), f"what belongs to the other project stays: {kept_model}"
        for model in apps.get_models():
            for field in model._meta.concrete_fields:
                if field.name in {"project_id", "thread_id", "project", "thread"}:
                    assert not model._base_manager.filter(**{field.attname: project.pk}).exists()
                    assert not model._base_manager.filter(**{field.attname: gone.pk}).exists()
        (entry,) = AuditEntry.objects.filter(action="project.purged")
        assert (entry.project, entry.actor, entry.subject, entry.data) == (
            None, None, "Ferryline", {"project_id": str(project.pk)},
        )  # fmt: skip

    await in_db(left)


async def test_a_purge_that_was_cut_off_is_finished_by_the_next(
    project: Project, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "STEP", 1)
    thread = await in_db(grown, alice, project)
    await outbox.sweep(0)
    await in_db(deleted, project, 31)
    steps, forget_some = 0, purge._forget_some

    def dies(thread_id: UUID) -> bool:
        nonlocal steps
        steps += 1
        if steps % 2 == 0:
            raise ConnectionError("the server stops")
        return forget_some(thread_id)

    monkeypatch.setattr(purge, "_forget_some", dies)
    tries = 0
    while await in_db(Project.objects.filter(pk=project.pk).exists):
        tries += 1
        try:
            await purge.sweep()
        except ConnectionError:
            assert tries < 50
    assert tries > 3
    assert await said_in(thread.main_branch_id) == 0
    assert await in_db(AuditEntry.objects.filter(action="project.purged").count) == 1


async def test_a_private_thread_that_nobody_is_in_is_archived_and_then_gone(project: Project, alice: User) -> None:
    empty = await in_db(grown, alice, project, is_private=True)
    peopled = await in_db(grown, alice, project, is_private=True)
    inherited = await in_db(grown, alice, project, is_private=True)
    heir = await in_db(inherit, alice, inherited)
    await outbox.sweep(0)
    await in_db(Participant.objects.filter(thread__in=[empty, inherited]).delete)
    assert await purge.sweep() == 0
    archived = await in_db(lambda: set(Thread.objects.exclude(archived_at=None)))
    assert archived == {empty, inherited}

    await in_db(Thread.objects.update, archived_at=now() - timedelta(days=31))
    assert await purge.sweep() == 1
    assert await in_db(lambda: set(Thread.objects.all())) == {peopled, inherited, heir}
    assert await said_in(empty.main_branch_id) == 0
    assert await said_in(inherited.main_branch_id) == 4, "another thread goes on with what was said here"


def inherit(user: User, thread: Thread) -> Thread:
    assert thread.main_branch_id is not None
    origin = Origin(thread.main_branch_id, 2, 0)
    return create_thread(user.id, thread.project_id, line_up=[], is_private=True, origin=origin)
