"""What is unread, and who is named in what they have not read."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from chatplatform.kernel.clock import now
from projects.models import Membership, Project, Role, User
from tests.threads.said import main_of, rows, say
from threads.mentions import note_named
from threads.models import Branch, Mention, ReadMark, Thread
from threads.progress import mark_read, note_read, read_so_far
from threads.queries import projects_with_news
from threads.services import fork
from threads.types import NamedView

pytestmark = pytest.mark.django_db


def test_unread_counts_the_places_after_the_mark(alice: User, bob: User, project: Project, thread: Thread) -> None:
    say(thread, 5)
    assert thread.main_branch_id is not None
    assert [r.unread for r in rows(bob, project)] == [5]
    assert projects_with_news(bob.id) == {project.id}
    mark_read(bob.id, thread.id, thread.main_branch_id, 3)
    assert [(r.unread, r.read_seq) for r in rows(bob, project)] == [(2, 3)]
    mark_read(bob.id, thread.id, thread.main_branch_id, 5)
    assert [r.unread for r in rows(bob, project)] == [0]
    assert projects_with_news(bob.id) == set()
    assert [r.unread for r in rows(alice, project)] == [5]


def test_read_mark_falls_only_when_asked_to(bob: User, thread: Thread) -> None:
    say(thread, 5)
    assert thread.main_branch_id is not None
    mark_read(bob.id, thread.id, thread.main_branch_id, 4)
    mark_read(bob.id, thread.id, thread.main_branch_id, 2)  # an older tab
    assert ReadMark.objects.get().seq == 4
    mark_read(bob.id, thread.id, thread.main_branch_id, 2, is_back=True)
    assert ReadMark.objects.get().seq == 2
    mark_read(bob.id, thread.id, thread.main_branch_id, 10**12)
    assert ReadMark.objects.get().seq == 5


def test_what_was_said_before_one_came_is_no_news(project: Project, thread: Thread, mallory: User) -> None:
    say(thread, 5)
    later = now() + timedelta(seconds=1)
    Membership.objects.create(project=project, user=mallory, role=Role.MEMBER, joined_at=later)
    assert [r.unread for r in rows(mallory, project)] == [0]
    assert projects_with_news(mallory.id) == set()


def named(user: User, project: Project) -> list[tuple[int, str, int]]:
    return [(r.named.count, r.named.by, r.named.seq) for r in rows(user, project) if r.named is not None]


def test_who_is_named_is_told_until_they_have_read_it(
    alice: User, bob: User, dave: User, project: Project, thread: Thread, django_assert_num_queries: Any
) -> None:
    say(thread, 5)
    main = main_of(thread)
    with transaction.atomic():
        with django_assert_num_queries(1):  # however many are named
            note_named([bob.id, dave.id], main, 3, alice.id)
        note_named([bob.id], main, 5, dave.id)
    assert read_so_far(bob.id, thread.id, main.id) == (0, NamedView(2, "Dave", main.id, 5))
    assert named(bob, project) == [(2, "Dave", 5)] and named(dave, project) == [(1, "Alice", 3)]
    assert named(alice, project) == []
    mark_read(bob.id, thread.id, main.id, 3)
    assert named(bob, project) == [(1, "Dave", 5)] and named(dave, project) == [(1, "Alice", 3)]
    mark_read(bob.id, thread.id, main.id, 5)
    assert named(bob, project) == [] and projects_with_news(bob.id) == set()
    mark_read(bob.id, thread.id, main.id, 0, is_back=True)  # unread it is again, but nobody calls
    assert named(bob, project) == []
    assert Mention.objects.count() == 1


def test_writing_further_on_is_having_read_who_named_one(
    alice: User, bob: User, project: Project, thread: Thread
) -> None:
    say(thread, 5)
    with transaction.atomic():
        note_named([bob.id], main_of(thread), 5, alice.id)
        note_read(bob.id, main_of(thread), 6)
    assert named(bob, project) == []


def test_being_named_in_a_branch_is_news_and_reading_a_fork_of_it_is_reading_it(
    alice: User, bob: User, project: Project, thread: Thread
) -> None:
    say(thread, 5)
    main = main_of(thread)
    branch = fork(alice.id, thread.id, "another", main.id, 2, 0)
    Branch.objects.filter(pk=branch.pk).update(head_seq=6)
    mark_read(bob.id, thread.id, main.id, 5)
    with transaction.atomic():
        note_named([bob.id], Branch.objects.get(pk=branch.pk), 4, alice.id)
    assert [(r.unread, r.named and r.named.branch_id) for r in rows(bob, project)] == [(0, branch.id)]
    assert projects_with_news(bob.id) == {project.id}
    mark_read(bob.id, thread.id, main.id, 5)  # it is not in this one
    assert named(bob, project) == [(1, "Alice", 4)]
    further = fork(alice.id, thread.id, "further", branch.id, 4, 0)
    mark_read(bob.id, thread.id, further.id, 3)
    assert named(bob, project) == [(1, "Alice", 4)]
    mark_read(bob.id, thread.id, further.id, 4)
    assert named(bob, project) == [] and projects_with_news(bob.id) == set()


def test_nobody_is_named_where_they_are_not_let_in(alice: User, bob: User, project: Project, private: Thread) -> None:
    with transaction.atomic():
        note_named([alice.id], main_of(private), 1, bob.id)
    assert projects_with_news(alice.id) == set() and rows(alice, project) == []


def test_mark_is_raised_once(bob: User, thread: Thread) -> None:
    branch = main_of(thread)
    assert [note_read(bob.id, branch, seq) for seq in (1, 1, 2)] == [True, False, True]
