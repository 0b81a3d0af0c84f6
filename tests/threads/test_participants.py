"""Who takes part: line-ups of models, and the people of private threads."""

from typing import Any
from uuid import UUID

import pytest

from chatplatform.kernel.errors import Conflict, Forbidden, Invalid
from projects.models import Project, User
from projects.people import remove_member
from projects.roles import Permission
from threads import hooks
from threads.access import access_thread, members_of
from threads.models import Participant, Thread
from threads.participants import set_line_up, set_people
from threads.queries import thread_detail
from threads.services import create_thread

pytestmark = pytest.mark.django_db


def test_outsiders_are_not_let_into_a_private_thread(bob: User, mallory: User, project: Project) -> None:
    with pytest.raises(Invalid) as refusal:
        create_thread(bob.id, project.id, is_private=True, people=[mallory.id], line_up=[])
    assert refusal.value.code == "not_a_member"
    assert not Thread.objects.exists()


def test_line_up_keeps_its_order_and_its_bound(bob: User, thread: Thread, settings: Any) -> None:
    settings.MAX_MODELS = 3
    set_line_up(bob.id, thread.id, ["c:3", "a:1", "c:3", "b:2"])
    detail = thread_detail(access_thread(bob.id, thread.id, Permission.READ))
    assert detail.thread.line_up == ["c:3", "a:1", "b:2"]
    with pytest.raises(Invalid):
        set_line_up(bob.id, thread.id, ["a", "b", "c", "d"])
    set_line_up(bob.id, thread.id, [])
    assert thread_detail(access_thread(bob.id, thread.id, Permission.READ)).thread.line_up == []


def test_line_up_takes_only_what_the_project_offers(bob: User, thread: Thread, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(project_id: UUID, model_ids: list[str]) -> None:
        raise Invalid("No such model.", "unknown_model")

    set_line_up(bob.id, thread.id, ["a:1"])
    monkeypatch.setattr(hooks, "check_line_up", refuse)
    with pytest.raises(Invalid):
        set_line_up(bob.id, thread.id, ["b:2"])
    assert list(Participant.objects.filter(thread=thread).values_list("model_id", flat=True)) == ["a:1"]


def test_model_whose_provider_has_gone_does_not_stand_in_the_way(
    bob: User, thread: Thread, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    set_line_up(bob.id, thread.id, ["gone:1"])
    monkeypatch.setattr(hooks, "check_line_up", lambda project_id, model_ids: asked.append(model_ids))
    set_line_up(bob.id, thread.id, ["gone:1", "new:2"])
    assert asked == [["new:2"]]


def test_whoever_started_a_private_thread_stays_in_it(bob: User, carol: User, dave: User, private: Thread) -> None:
    set_people(bob.id, private.id, [carol.id])
    assert set(members_of(private)) == {bob.id, carol.id}
    set_people(bob.id, private.id, [])
    assert set(members_of(private)) == {bob.id}


def test_people_of_a_private_thread_take_out_only_themselves(
    bob: User, carol: User, dave: User, private: Thread
) -> None:
    with pytest.raises(Forbidden):
        set_people(dave.id, private.id, [dave.id, carol.id])
    assert set_people(dave.id, private.id, [bob.id]) is None
    assert set(members_of(private)) == {bob.id}


def test_the_last_one_in_a_private_thread_stays_or_lets_somebody_in(
    bob: User, carol: User, dave: User, project: Project, private: Thread
) -> None:
    """Who started it has left the project, though not the thread: dave alone still sees it."""
    remove_member(bob.id, project.id, bob.id)
    with pytest.raises(Conflict) as refusal:
        set_people(dave.id, private.id, [bob.id])
    assert refusal.value.code == "last_one_stays"
    assert set(members_of(private)) == {dave.id}, "nothing was changed"
    Participant.objects.create(thread=private, user=carol)
    assert set_people(dave.id, private.id, [bob.id, carol.id]) is None
    assert set(members_of(private)) == {carol.id}


def test_open_thread_has_no_list_of_people(alice: User, thread: Thread) -> None:
    with pytest.raises(Conflict):
        set_people(alice.id, thread.id, [])
    assert thread_detail(access_thread(alice.id, thread.id, Permission.READ)).people == []
