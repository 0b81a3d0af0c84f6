"""A statement that is built once gives what the ORM gives, and writes what the ORM writes."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from chatplatform.kernel.clock import now
from chatplatform.kernel.ids import new_id
from chatplatform.kernel.prepared import ID, PreparedInsert, PreparedQuery, PreparedUpdate, given
from messaging.models import Run, Turn
from projects.models import Membership, Project, User
from threads.models import Branch, Thread


def as_values(row: object) -> dict[str, object]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_models_come_as_the_orm_gives_them(thread: Thread) -> None:
    def wanted(thread_id: Any) -> QuerySet[Thread]:
        return Thread.objects.select_related("project", "main_branch", "parent").filter(pk=thread_id)

    prepared = PreparedQuery(lambda: wanted(given("id", ID)))
    expected, found = wanted(thread.pk).get(), prepared.one(id=thread.pk)
    assert found is not None
    assert as_values(found) == as_values(expected)
    with CaptureQueriesContext(connection) as asked:
        assert as_values(found.project) == as_values(expected.project)
        assert found.main_branch is not None and expected.main_branch is not None
        assert as_values(found.main_branch) == as_values(expected.main_branch)
        assert found.parent is None
    assert len(asked) == 0
    assert prepared.one(id=new_id()) is None


def test_a_model_without_all_its_columns_reads_the_others_when_asked(thread: Thread) -> None:
    found = PreparedQuery(lambda: Thread.objects.only("id").filter(pk=given("id", ID))).one(id=thread.pk)
    assert found is not None and found.get_deferred_fields() and found.title == thread.title


def test_values_come_as_the_orm_gives_them(project: Project) -> None:
    rows = PreparedQuery(
        lambda: (
            Membership.objects.filter(project_id=given("project_id", ID))
            .order_by("user__name")
            .values_list("user_id", "user__name", "joined_at", "user__preferences")
        )
    )
    members = Membership.objects.filter(project=project).order_by("user__name")
    assert rows.rows(project_id=project.pk) == list(
        members.values_list("user_id", "user__name", "joined_at", "user__preferences")
    )
    names = PreparedQuery(
        lambda: (
            Membership.objects.filter(project_id=given("project_id", ID))
            .order_by("user__name")
            .values_list("user__name", flat=True)[:2]
        )
    )
    assert names.rows(project_id=project.pk) == ["Alice", "Bob"]


def test_each_call_has_its_own_values(thread: Thread, alice: User, bob: User) -> None:
    query = PreparedQuery(lambda: User.objects.filter(pk=given("id", ID), is_active=True))
    assert [query.one(id=user.pk) for user in (alice, bob, alice)] == [alice, bob, alice]


def test_an_update_writes_what_the_call_gives(thread: Thread) -> None:
    update = PreparedUpdate(lambda: Branch.objects.filter(pk=given("id", ID), head_seq=0), "head_seq", "archived_at")
    at = now()
    assert thread.main_branch is not None
    assert update.run(id=thread.main_branch.pk, head_seq=7, archived_at=at) == 1
    assert update.run(id=thread.main_branch.pk, head_seq=9, archived_at=None) == 0, "it is not at 0 any more"
    thread.main_branch.refresh_from_db()
    assert (thread.main_branch.head_seq, thread.main_branch.archived_at) == (7, at)


def test_an_update_of_many_rows(thread: Thread, alice: User, bob: User) -> None:
    update = PreparedUpdate(lambda: User.objects.filter(pk=given("id", ID)), "name", "preferences")
    update.run_many([{"id": user.pk, "name": user.name * 2, "preferences": {"a": [1]}} for user in (alice, bob)])
    assert set(User.objects.filter(preferences={"a": [1]}).values_list("name", flat=True)) == {"AliceAlice", "BobBob"}


def test_new_rows_are_those_that_saving_would_make(thread: Thread, alice: User) -> None:
    assert thread.main_branch is not None
    run = Run(
        thread=thread, branch=thread.main_branch, kind="fan_out", spec={"models": [], "nonce": "é"},
        prompt_seq=1, prompt_message_id=new_id(), asked_by=alice, started_at=now() - timedelta(hours=1),
    )  # fmt: skip
    PreparedInsert(Run).run(run)
    kept = Run.objects.get(pk=run.pk)
    assert as_values(kept) == {name: value for name, value in as_values(run).items() if name != "_thread_cache"}
    turns = [
        Turn(run=run, key=key, thread=thread, branch=thread.main_branch, seq=2, variant=n, model_id="m")
        for n, key in enumerate("ab")
    ]
    PreparedInsert(Turn).run(*turns)
    assert list(Turn.objects.order_by("variant")) == turns
    run.reason = "changed"
    run.save()  # it knows that it has a row
    assert Run.objects.get().reason == "changed"
    before = now()
    PreparedInsert(Thread, active_at=Now()).run(Thread(project=thread.project, title="Now", created_by=alice))
    at = Thread.objects.get(title="Now").active_at
    assert abs(at - before) < timedelta(minutes=1)
    with pytest.raises(IntegrityError):
        PreparedInsert(Run).run(Run(pk=run.pk, thread=thread, branch_id=run.branch_id, prompt_seq=1))
