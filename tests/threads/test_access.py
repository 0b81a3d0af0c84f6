"""Who gets into a thread, and what they may do there."""

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chatplatform.kernel.errors import Forbidden, NotFound
from projects.access import access_project
from projects.models import Membership, Project, Role, User
from projects.people import remove_member
from projects.roles import Permission
from projects.services import change_project
from projects.signals import access_lost
from tests.plans import detours
from tests.threads.said import rows
from threads.access import access_thread, branch_of, members_of
from threads.models import Thread
from threads.participants import set_people
from threads.services import change_thread, create_thread

pytestmark = pytest.mark.django_db


def test_access_takes_two_queries(bob: User, thread: Thread) -> None:
    with CaptureQueriesContext(connection) as queries:
        access = access_thread(bob.id, thread.id, Permission.WRITE)
        assert access.thread.main_branch is not None
        assert (access.project_id, access.role, access.user.name) == (thread.project_id, Role.MEMBER, "Bob")
        assert access.thread.project.name == "Ferryline"
    assert len(queries) == 2
    assert not [step for q in queries for step in detours(q["sql"])]


def test_outsider_and_nobody_learn_the_same(mallory: User, thread: Thread) -> None:
    said = []
    for thread_id in (thread.id, UUID(int=7)):
        with pytest.raises(NotFound) as refusal:
            access_thread(mallory.id, thread_id, Permission.READ)
        said.append((refusal.value.message, refusal.value.code, refusal.value.data))
    assert said[0] == said[1]


def test_private_thread_is_seen_by_its_people_alone(
    alice: User, bob: User, carol: User, dave: User, project: Project, private: Thread
) -> None:
    for person in (bob, dave):
        assert access_thread(person.id, private.id, Permission.READ).thread == private
        assert [r.thread.id for r in rows(person, project)] == [private.id]
    for person in (alice, carol):  # the owner too
        with pytest.raises(NotFound):
            access_thread(person.id, private.id, Permission.READ)
        assert rows(person, project) == []
    assert set(members_of(private)) == {bob.id, dave.id}


def test_everybody_sees_an_open_thread(project: Project, thread: Thread) -> None:
    assert set(members_of(thread)) == set(project.memberships.values_list("user_id", flat=True))


def test_removed_member_sees_nothing_any_more(alice: User, bob: User, project: Project, thread: Thread) -> None:
    remove_member(alice.id, project.id, bob.id)
    with pytest.raises(NotFound):
        access_thread(bob.id, thread.id, Permission.READ)


def test_who_comes_back_is_let_into_private_threads_anew(
    alice: User, dave: User, bob: User, project: Project, private: Thread
) -> None:
    remove_member(alice.id, project.id, dave.id)
    remove_member(alice.id, project.id, bob.id)
    for person in (dave, bob):
        Membership.objects.create(project=project, user=person, role=Role.MEMBER)
    with pytest.raises(NotFound):
        access_thread(dave.id, private.id, Permission.READ)
    assert access_thread(bob.id, private.id, Permission.READ).can_manage  # whoever started it


def test_switched_off_account_gets_in_nowhere(bob: User, thread: Thread) -> None:
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(NotFound):
        access_thread(bob.id, thread.id, Permission.READ)
    assert bob.id not in members_of(thread)


def test_archived_project_is_read_only(alice: User, bob: User, project: Project, thread: Thread) -> None:
    change_project(alice.id, project.id, is_archived=True)
    assert access_thread(bob.id, thread.id, Permission.READ).can_write is False
    with pytest.raises(Forbidden) as refusal:
        access_thread(bob.id, thread.id, Permission.WRITE)
    assert refusal.value.code == "archived"
    with pytest.raises(Forbidden):
        change_thread(alice.id, thread.id, title="New")
    change_project(alice.id, project.id, is_archived=False)
    assert access_thread(bob.id, thread.id, Permission.WRITE).can_write


def test_branch_of_another_thread_is_nothing(alice: User, project: Project, thread: Thread) -> None:
    other = create_thread(alice.id, project.id, line_up=[])
    assert other.main_branch is not None
    with pytest.raises(NotFound):
        branch_of(thread, other.main_branch.id)


def test_taken_out_of_a_private_thread_is_an_access_lost(
    bob: User, dave: User, project: Project, private: Thread, hear: Any, django_capture_on_commit_callbacks: Any
) -> None:
    heard = hear(access_lost)
    with django_capture_on_commit_callbacks(execute=True):
        set_people(bob.id, private.id, [])
    assert heard == [(access_lost, {"user_id": dave.id, "project_id": project.id, "thread_id": private.id})]


def test_access_of_the_project_names_who_can_help(dave: User, project: Project) -> None:
    with pytest.raises(Forbidden) as refusal:
        access_project(dave.id, project.id, Permission.MANAGE_PEOPLE)
    assert refusal.value.message == "Admins look after people here. Ask Alice."
