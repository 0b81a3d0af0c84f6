"""What a project offers, who chooses it, and the slots that models keep there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from messaging.models import ProjectModel
from messaging.providers import catalog, offers
from messaging.providers.signals import models_changed
from projects.models import AuditEntry, Project, User

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    settings.ARE_TEST_MODELS_ON = True
    catalog.reset()
    yield
    catalog.reset()


def ids(project: Project) -> list[str]:
    return [model.id for model, _ in offers.offered(project.id)]


def slots(project: Project, *model_ids: str) -> list[int]:
    given = offers.ensure_slots(project.id, model_ids)
    return [given[model_id] for model_id in model_ids]


def test_the_built_in_models_are_offered_at_first(project: Project) -> None:
    assert ids(project) == ["scripted:ada", "scripted:ben"]


def test_of_many_models_the_first_of_each_provider_are_offered_twelve_in_all(
    project: Project, settings: Settings
) -> None:
    settings.PROVIDER_ENVIRONMENT = {
        "OPENAI_API_KEY": "k",
        "GROQ_API_KEY": "k",
        "MISTRAL_API_KEY": "k",
        "XAI_API_KEY": "k",
    }
    catalog.reset()
    offered = ids(project)
    assert len(offered) == 12 < len(catalog.catalog().all())
    providers = [model_id.partition(":")[0] for model_id in offered]
    assert {name: providers.count(name) for name in providers} == {
        "scripted": 2,
        "openai": 3,
        "mistral": 3,
        "xai": 2,
        "groq": 2,
    }


def test_slots_go_by_first_use_and_stay(project: Project) -> None:
    assert slots(project, "scripted:ben") == [1]
    assert slots(project, "scripted:ada", "scripted:ben") == [2, 1]
    more = [f"scripted:script?seed={n}" for n in range(10)]
    assert slots(project, *more) == [3, 4, 5, 6, 7, 8, 9, 9, 9, 9]
    assert slots(project, "scripted:ada", more[0], more[9]) == [2, 3, 9]
    assert ProjectModel.objects.filter(project=project).count() == 12


def test_slots_are_a_projects_own(project: Project, alice: User) -> None:
    other = Project.objects.create(name="Other", created_by=alice)
    slots(project, "scripted:ada", "scripted:ben")
    assert slots(other, "scripted:ben") == [1]


def test_a_test_model_is_offered_once_it_was_named(project: Project, settings: Settings) -> None:
    model = "scripted:script?tokens=3"
    assert model in offers.on_demand([model]) and model not in ids(project)
    slots(project, model)
    assert model in ids(project)
    settings.ARE_TEST_MODELS_ON = False
    catalog.reset()
    assert model not in ids(project) and not offers.on_demand([model])


@pytest.fixture
def told() -> Iterator[list[Any]]:
    heard: list[Any] = []

    def receive(**news: Any) -> None:
        heard.append(news["project_id"])

    models_changed.connect(receive, weak=False)
    yield heard
    models_changed.disconnect(receive)


def test_an_admin_withdraws_and_offers_a_model(
    carol: User, project: Project, browser_of: Callable[[User | None], Any], told: list[Any]
) -> None:
    admin, path = browser_of(carol), f"/projects/{project.id}/models"
    answer = admin.call("PATCH", path, {"model_id": "scripted:ada", "is_offered": False})
    assert answer.status_code == 200 and answer.body["is_offered"] is False
    assert ids(project) == ["scripted:ben"]
    assert [m["is_offered"] for m in admin.call("GET", path).body] == [False, True]
    assert admin.call("PATCH", path, {"model_id": "scripted:ada", "is_offered": True}).body["is_offered"] is True
    assert ids(project) == ["scripted:ada", "scripted:ben"]
    assert told == [project.id, project.id]
    actions = AuditEntry.objects.filter(project=project).order_by("id").values_list("action", "subject")
    assert list(actions) == [("model.withdrawn", "Scripted · Ada"), ("model.offered", "Scripted · Ada")]


def test_a_withdrawn_model_that_was_used_keeps_its_slot_and_is_seen_as_withdrawn(
    bob: User, carol: User, project: Project, browser_of: Callable[[User | None], Any]
) -> None:
    slots(project, "scripted:ada")
    offers.offer(carol.id, project.id, "scripted:ada", False)
    offers.offer(carol.id, project.id, "scripted:ben", False)
    (seen,) = browser_of(bob).call("GET", f"/projects/{project.id}/models").body
    assert (seen["model_id"], seen["slot"], seen["is_offered"]) == ("scripted:ada", 1, False)


def test_a_model_is_seen_with_what_people_need_to_know(
    bob: User, project: Project, browser_of: Callable[[User | None], Any]
) -> None:
    ada = browser_of(bob).call("GET", f"/projects/{project.id}/models").body[0]
    assert ada == {
        "model_id": "scripted:ada", "name": "Scripted · Ada", "provider": "scripted", "provider_name": "Scripted",
        "where": "scripted", "note": "prepared words, for trying things out", "is_demo": True, "slot": 0,
        "context_tokens": 32768, "price_in": 0, "price_out": 0, "is_offered": True, "state": "ok", "state_note": "",
        "state_since": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("who", "sees", "chooses"),
    [
        ("alice", 200, 200),
        ("carol", 200, 200),
        ("bob", 200, 403),
        ("dave", 200, 403),
        ("mallory", 404, 404),
        (None, 401, 401),
    ],
)
def test_who_sees_and_who_chooses(
    who: str | None,
    sees: int,
    chooses: int,
    project: Project,
    browser_of: Callable[[User | None], Any],
    request: pytest.FixtureRequest,
) -> None:
    browser = browser_of(request.getfixturevalue(who) if who else None)
    path = f"/projects/{project.id}/models"
    assert browser.call("GET", path).status_code == sees
    assert browser.call("PATCH", path, {"model_id": "scripted:ada", "is_offered": False}).status_code == chooses


def test_a_model_that_is_not_here_cannot_be_offered(
    carol: User, project: Project, browser_of: Callable[[User | None], Any]
) -> None:
    body = {"model_id": "openai:gpt-5.1", "is_offered": True}
    assert browser_of(carol).call("PATCH", f"/projects/{project.id}/models", body).status_code == 404
