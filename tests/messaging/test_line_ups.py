"""What a new thread begins with, and which line-ups can be: threads and the catalog together."""

import pytest

from chatplatform.kernel.errors import Invalid
from messaging import line_ups
from messaging.models import ProjectModel
from messaging.providers import catalog, offers
from projects.models import Project, User
from threads.models import Participant, Thread
from threads.participants import set_line_up
from threads.services import create_thread

pytestmark = pytest.mark.django_db


def line_up(thread: Thread) -> list[str]:
    rows = Participant.objects.filter(thread=thread, user=None).order_by("position")
    return list(rows.values_list("model_id", flat=True))


@pytest.fixture
def models(project: Project) -> list[str]:
    offered = [info.id for info, _ in offers.offered(project.id)]
    assert len(offered) >= 2
    return offered


def test_first_thread_begins_with_models_that_answer(bob: User, project: Project, models: list[str]) -> None:
    begun = line_up(create_thread(bob.id, project.id))
    assert 1 <= len(begun) <= line_ups.BEGINS_WITH
    assert set(begun) <= set(models)


def test_next_thread_begins_with_the_models_of_the_last(bob: User, project: Project, models: list[str]) -> None:
    first = create_thread(bob.id, project.id)
    set_line_up(bob.id, first.id, [models[1], models[0]])
    assert line_up(create_thread(bob.id, project.id)) == [models[1], models[0]]


def test_private_thread_tells_no_one_its_models(bob: User, project: Project, models: list[str]) -> None:
    create_thread(bob.id, project.id, line_up=[models[0]])
    create_thread(bob.id, project.id, is_private=True, line_up=[models[1]])
    assert line_up(create_thread(bob.id, project.id)) == [models[0]]


def test_people_who_talk_without_models_go_on_so(bob: User, project: Project, models: list[str]) -> None:
    create_thread(bob.id, project.id, line_up=[])
    assert line_up(create_thread(bob.id, project.id)) == []


def test_withdrawn_model_is_left_out_and_cannot_be_added(
    alice: User, bob: User, project: Project, models: list[str]
) -> None:
    thread = create_thread(bob.id, project.id, line_up=models[:2])
    offers.offer(alice.id, project.id, models[0], False)
    assert line_up(create_thread(bob.id, project.id)) == [models[1]]
    with pytest.raises(Invalid) as refusal:
        create_thread(bob.id, project.id, line_up=[models[0]])
    assert refusal.value.code == "model_not_offered"
    set_line_up(bob.id, thread.id, [models[1], models[0]])  # where it stands it may stay


def test_invented_model_is_refused(bob: User, project: Project) -> None:
    with pytest.raises(Invalid):
        create_thread(bob.id, project.id, line_up=["invented:model"])


def test_models_get_their_slots_with_the_line_up(bob: User, project: Project, models: list[str]) -> None:
    create_thread(bob.id, project.id, line_up=[models[1], models[0]])
    slots = dict(ProjectModel.objects.filter(project=project).values_list("model_id", "slot"))
    assert (slots[models[1]], slots[models[0]]) == (1, 2)


def test_models_a_thread_begins_with_have_their_slots_before_anything_is_asked(
    bob: User, project: Project, models: list[str]
) -> None:
    begun = line_up(create_thread(bob.id, project.id))
    slots = dict(ProjectModel.objects.filter(project=project).values_list("model_id", "slot"))
    assert [slots[model_id] for model_id in begun] == list(range(1, len(begun) + 1))


@pytest.fixture(autouse=True)
def _fresh_catalog() -> None:
    catalog.reset()
