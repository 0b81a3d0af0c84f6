"""Threads: starting, from a message too, naming and archiving; the news of it."""

from typing import Any
from uuid import UUID

import pytest

from chatplatform.kernel.errors import Forbidden, Invalid, NotFound
from projects.models import Membership, Project, Role, User
from projects.roles import Permission
from projects.signals import access_lost
from tests.threads.said import main_of, rows, say
from threads import hooks, signals
from threads.access import access_thread
from threads.models import Branch, Thread
from threads.queries import branch_path, thread_detail
from threads.services import Origin, change_thread, create_thread
from threads.types import PathRange

pytestmark = pytest.mark.django_db


def test_new_thread_has_a_main_branch_and_the_usual_models(
    bob: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "default_line_up", lambda project_id: ["demo:one", "demo:two"])
    thread = create_thread(bob.id, project.id)
    detail = thread_detail(access_thread(bob.id, thread.id, Permission.READ))
    assert detail.thread.line_up == ["demo:one", "demo:two"]
    assert detail.thread.title == ""
    (main,) = detail.branches
    assert (main.is_main, main.id, main.head_seq) == (True, detail.thread.main_branch_id, 0)
    assert branch_path(Branch.objects.get(pk=main.id)) == [PathRange(main.id, 1, None)]


def test_viewer_starts_nothing(dave: User, project: Project) -> None:
    with pytest.raises(Forbidden):
        create_thread(dave.id, project.id)


def test_thread_started_from_a_message_begins_with_its_history(bob: User, project: Project, thread: Thread) -> None:
    say(thread, 5)
    main = main_of(thread)
    message_id = UUID(int=5)
    new = create_thread(bob.id, project.id, line_up=[], origin=Origin(main.id, 3, 2, message_id))
    assert new.main_branch is not None
    assert branch_path(new.main_branch) == [PathRange(main.id, 1, 3), PathRange(new.main_branch.id, 4, None)]
    assert (new.main_branch.head_seq, new.main_branch.fork_variant) == (3, 2)
    view = thread_detail(access_thread(bob.id, new.id, Permission.READ)).thread
    assert (view.parent_id, view.parent_message_id) == (thread.id, message_id)


def test_thread_of_a_private_thread_is_private(bob: User, project: Project, private: Thread) -> None:
    say(private, 2)
    assert private.main_branch_id is not None
    origin = Origin(private.main_branch_id, 1, 0)
    with pytest.raises(Invalid) as refusal:
        create_thread(bob.id, project.id, line_up=[], origin=origin)
    assert refusal.value.code == "origin_is_private"
    assert create_thread(bob.id, project.id, is_private=True, line_up=[], origin=origin).is_private


def test_history_is_not_taken_out_of_a_thread_one_cannot_see(alice: User, project: Project, private: Thread) -> None:
    say(private, 2)
    assert private.main_branch_id is not None
    with pytest.raises(NotFound):
        create_thread(alice.id, project.id, is_private=True, line_up=[], origin=Origin(private.main_branch_id, 1, 0))


def test_history_is_not_taken_into_another_project(alice: User, thread: Thread) -> None:
    from projects.services import create_project

    say(thread, 2)
    assert thread.main_branch_id is not None
    other = create_project(alice.id, "Elsewhere").project
    with pytest.raises(NotFound):
        create_thread(alice.id, other.id, line_up=[], origin=Origin(thread.main_branch_id, 1, 0))


def test_thread_is_renamed_by_its_starter_and_by_admins(
    alice: User, bob: User, carol: User, project: Project, thread: Thread
) -> None:
    with pytest.raises(Forbidden):
        change_thread(bob.id, thread.id, title="Mine")
    assert change_thread(carol.id, thread.id, title="  A  title ").thread.title == "A title"
    his = create_thread(bob.id, project.id, line_up=[])
    assert change_thread(bob.id, his.id, title="His").thread.title == "His"
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    with pytest.raises(Forbidden):
        change_thread(bob.id, his.id, title="Still his?")


def test_archived_thread_is_read_only_until_it_is_brought_back(alice: User, project: Project, thread: Thread) -> None:
    change_thread(alice.id, thread.id, is_archived=True)
    assert rows(alice, project) == []
    assert [r.thread.id for r in rows(alice, project, archived=True)] == [thread.id]
    with pytest.raises(Forbidden) as refusal:
        access_thread(alice.id, thread.id, Permission.WRITE)
    assert refusal.value.message == "This thread is archived. Bring it back to write in it."
    change_thread(alice.id, thread.id, is_archived=False)
    assert access_thread(alice.id, thread.id, Permission.WRITE).can_write


def test_news_follows_the_commit(
    alice: User, bob: User, private: Thread, hear: Any, django_capture_on_commit_callbacks: Any
) -> None:
    heard = hear(signals.thread_changed)
    hear(access_lost)
    with django_capture_on_commit_callbacks(execute=True):
        change_thread(bob.id, private.id, title="Quieter")
        assert heard == []
    assert heard == [(signals.thread_changed, {"thread_id": private.id})]
