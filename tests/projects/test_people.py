"""Projects and their people: roles, handing on, removing, archiving, deleting, and the log of it all."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from chatplatform.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from projects.access import access_project
from projects.audit import audit_page
from projects.models import AuditEntry, Membership, Project, Role, User
from projects.people import change_role, hand_on, remove_member
from projects.queries import members, my_deleted_projects, my_projects
from projects.roles import ROLE_PERMISSIONS, Permission
from projects.services import change_me, change_project, create_project, delete_project, restore_project
from projects.signals import access_lost, members_changed

pytestmark = pytest.mark.django_db

Heard = list[dict[str, Any]]


@pytest.fixture
def heard(django_capture_on_commit_callbacks: Any) -> Iterator[Callable[..., Heard]]:
    """Run something and return the news that access was lost."""
    news: Heard = []

    def hear(sender: object, signal: object, **what: Any) -> None:
        news.append(what)

    access_lost.connect(hear)

    def run(work: Callable[..., Any], *args: Any) -> Heard:
        news.clear()
        with django_capture_on_commit_callbacks(execute=True):
            work(*args)
        return news

    yield run
    access_lost.disconnect(hear)


def role_of(project: Project, user: User) -> str | None:
    return Membership.objects.filter(project=project, user=user).values_list("role", flat=True).first()


def test_each_role_may_what_the_one_below_may_and_more() -> None:
    order = [ROLE_PERMISSIONS[role] for role in (Role.VIEWER, Role.MEMBER, Role.ADMIN, Role.OWNER)]
    assert all(lower < higher for lower, higher in pairwise(order))
    assert order[-1] == frozenset(Permission)


def test_access_is_one_query(bob: User, project: Project) -> None:
    with CaptureQueriesContext(connection) as queries:
        access = access_project(bob.id, project.id, Permission.WRITE)
        assert (access.user.name, access.project.name, access.role) == ("Bob", "Ferryline", Role.MEMBER)
    assert len(queries) == 1


def test_outsider_and_nobody_learn_the_same(mallory: User, project: Project) -> None:
    said = []
    for project_id in (project.id, mallory.id):
        with pytest.raises(NotFound) as refusal:
            access_project(mallory.id, project_id, Permission.READ)
        said.append((refusal.value.message, refusal.value.code, refusal.value.data))
    assert said[0] == said[1]


def test_members_are_listed_by_role(bob: User, project: Project) -> None:
    assert [m.name for m in members(bob.id, project.id)] == ["Alice", "Carol", "Bob", "Dave"]


# -- roles ---------------------------------------------------------------------------------------


def test_admin_changes_everybody_but_the_owner(
    alice: User, bob: User, carol: User, dave: User, project: Project
) -> None:
    assert change_role(carol.id, project.id, dave.id, "member").role == "member"
    assert change_role(carol.id, project.id, bob.id, "admin").role == "admin"
    assert change_role(bob.id, project.id, carol.id, "viewer").role == "viewer"
    with pytest.raises(Forbidden) as refusal:
        change_role(bob.id, project.id, alice.id, "viewer")
    assert refusal.value.code == "owner_stays"
    assert role_of(project, alice) == "owner"


def test_owner_is_made_by_handing_on_alone(alice: User, bob: User, project: Project) -> None:
    with pytest.raises(Invalid):
        change_role(alice.id, project.id, bob.id, "owner")
    with pytest.raises(Forbidden):
        change_role(alice.id, project.id, alice.id, "member")


def test_role_lost_is_lost_at_the_next_step(alice: User, carol: User, dave: User, project: Project) -> None:
    change_role(alice.id, project.id, carol.id, "member")
    with pytest.raises(Forbidden):
        change_role(carol.id, project.id, dave.id, "admin")


def test_handed_on_project_has_one_owner(alice: User, bob: User, project: Project) -> None:
    hand_on(alice.id, project.id, bob.id)
    assert (role_of(project, alice), role_of(project, bob)) == ("admin", "owner")
    with pytest.raises(Forbidden):
        hand_on(alice.id, project.id, alice.id)
    with pytest.raises(Conflict):
        hand_on(bob.id, project.id, bob.id)


def test_admin_does_not_hand_on(carol: User, bob: User, project: Project) -> None:
    with pytest.raises(Forbidden) as refusal:
        hand_on(carol.id, project.id, bob.id)
    assert refusal.value.message == "Only the owner can do this. Ask Alice."


def test_project_is_not_handed_to_a_stranger(alice: User, mallory: User, project: Project) -> None:
    with pytest.raises(NotFound):
        hand_on(alice.id, project.id, mallory.id)


def test_database_allows_one_owner(bob: User, project: Project) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.filter(project=project, user=bob).update(role=Role.OWNER)


# -- parting -------------------------------------------------------------------------------------


def test_removed_member_is_out_and_the_live_side_hears_it(
    carol: User, bob: User, project: Project, heard: Callable[..., Heard]
) -> None:
    news = heard(remove_member, carol.id, project.id, bob.id)
    assert news == [{"user_id": bob.id, "project_id": project.id, "thread_id": None}]
    with pytest.raises(NotFound):
        access_project(bob.id, project.id, Permission.READ)
    assert my_projects(bob.id) == []


def test_owner_is_not_removed_and_does_not_leave(alice: User, carol: User, project: Project) -> None:
    with pytest.raises(Forbidden) as refusal:
        remove_member(carol.id, project.id, alice.id)
    assert refusal.value.message == "The owner cannot be removed."
    with pytest.raises(Forbidden) as refusal:
        remove_member(alice.id, project.id, alice.id)
    assert refusal.value.message == "Hand the project on first, then you can leave."


def test_anybody_else_may_leave(dave: User, project: Project, heard: Callable[..., Heard]) -> None:
    assert heard(remove_member, dave.id, project.id, dave.id)
    assert role_of(project, dave) is None


def test_member_removes_nobody(bob: User, dave: User, project: Project) -> None:
    with pytest.raises(Forbidden):
        remove_member(bob.id, project.id, dave.id)


# -- the project ---------------------------------------------------------------------------------


def test_project_is_deleted_by_its_typed_name_and_comes_back(
    alice: User, bob: User, carol: User, project: Project, heard: Callable[..., Heard]
) -> None:
    with pytest.raises(Invalid):
        delete_project(alice.id, project.id, "ferryline")
    with pytest.raises(Forbidden):
        delete_project(carol.id, project.id, "Ferryline")
    news = heard(delete_project, alice.id, project.id, " Ferryline ")
    assert len(news) == 4
    for person in (alice, bob):
        with pytest.raises(NotFound):
            access_project(person.id, project.id, Permission.READ)
    assert my_projects(alice.id) == []
    assert [p.id for p in my_deleted_projects(alice.id)] == [project.id]
    assert my_deleted_projects(carol.id) == []
    with pytest.raises(NotFound):
        restore_project(carol.id, project.id)
    restore_project(alice.id, project.id)
    assert access_project(bob.id, project.id, Permission.WRITE).role == Role.MEMBER


def test_project_is_gone_after_thirty_days(alice: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from chatplatform.kernel import clock
    from projects import queries, services

    delete_project(alice.id, project.id, "Ferryline")
    later = clock.now() + timedelta(days=30, minutes=1)
    monkeypatch.setattr(queries, "now", lambda: later)
    monkeypatch.setattr(services, "now", lambda: later)
    assert my_deleted_projects(alice.id) == []
    with pytest.raises(NotFound):
        restore_project(alice.id, project.id)


def test_archived_project_says_what_is_still_allowed(alice: User, project: Project) -> None:
    change_project(alice.id, project.id, is_archived=True)
    (view,) = my_projects(alice.id)
    assert view.archived_at is not None
    assert view.permissions == ["read", "manage_people", "manage_project", "hand_on"]


def test_project_archived_while_another_admin_renames_it_stays_archived(
    alice: User, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def archived_meanwhile(name: str, limit: int) -> str:
        Project.objects.filter(pk=project.pk).update(archived_at=project.created_at)
        return name

    monkeypatch.setattr("projects.services.text.name", archived_meanwhile)
    change_project(alice.id, project.id, name="Ferries")
    project.refresh_from_db()
    assert (project.name, project.archived_at) == ("Ferries", project.created_at)


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u202e", "x" * 81])
def test_name_must_say_something_short(alice: User, name: str) -> None:
    with pytest.raises(Invalid):
        create_project(alice.id, name)


def test_new_name_is_told_where_one_is_known(
    bob: User, project: Project, django_capture_on_commit_callbacks: Any
) -> None:
    news: Heard = []

    def hear(sender: object, signal: object, **what: Any) -> None:
        news.append(what)

    members_changed.connect(hear)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            change_me(bob.id, name="Robert")
    finally:
        members_changed.disconnect(hear)
    assert news == [{"project_id": project.id, "user_id": bob.id}]


# -- preferences ---------------------------------------------------------------------------------


def test_preferences_are_a_closed_set(bob: User, browser_of: Any) -> None:
    from projects.preferences import merged, read

    assert read({})["theme"] == "system"
    stored = merged({}, {"theme": "dark"})
    assert read(merged(stored, {"enter_sends": False})) == {**read({}), "theme": "dark", "enter_sends": False}
    for wrong in ({"theme": "pink"}, {"enter_sends": 1}, {"enter_sends": "yes"}, {"x": True}):
        with pytest.raises(Invalid):
            merged({}, wrong)  # type: ignore[arg-type]
    assert read({"theme": "no longer there", "x": 1}) == read({})


# -- the log -------------------------------------------------------------------------------------


def test_log_tells_who_did_what_and_pages(alice: User, bob: User, carol: User, dave: User, project: Project) -> None:
    change_role(alice.id, project.id, bob.id, "admin")
    remove_member(carol.id, project.id, dave.id)
    change_project(bob.id, project.id, name="Ferries")
    page, position = audit_page(carol.id, project.id, None, 2)
    rest, end = audit_page(carol.id, project.id, position, 2)
    assert [(e.actor, e.action, e.subject, e.data) for e in [*page, *rest]] == [
        ("Bob", "project.renamed", "Ferryline", {"to": "Ferries"}),
        ("Carol", "member.removed", "Dave", {}),
        ("Alice", "member.role_changed", "Bob", {"old": "member", "new": "admin"}),
    ]
    assert end is None
    with pytest.raises(Forbidden):
        audit_page(Membership.objects.create(project=project, user=dave, role="member").user_id, project.id, None, 9)


def test_refused_change_leaves_no_entry(carol: User, alice: User, project: Project) -> None:
    with pytest.raises(Forbidden):
        remove_member(carol.id, project.id, alice.id)
    assert not AuditEntry.objects.exists()
