"""Invitations: what is kept, what a link is worth at each moment, and who gets the last use."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from chatplatform.kernel.clock import now
from chatplatform.kernel.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from projects.invites import (
    accept_invite,
    code_hash,
    create_invite,
    list_invites,
    preview_invite,
    restore_invite,
    revoke_invite,
)
from projects.models import Invite, Membership, Project, Role, User
from projects.people import change_role, remove_member
from projects.services import delete_project
from tests.conftest import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def code(carol: User, project: Project) -> str:
    return create_invite(carol.id, project.id, "member", days=7, max_uses=2)[1]


def role_of(project: Project, user: User) -> str | None:
    return Membership.objects.filter(project=project, user=user).values_list("role", flat=True).first()


def test_only_a_fingerprint_is_kept(code: str, carol: User, project: Project) -> None:
    assert len(code) == 22  # 128 bits in base64url
    invite = Invite.objects.get()
    assert bytes(invite.code_hash) == code_hash(code)
    kept = repr([str(value) for value in Invite.objects.values_list().get()])
    assert code not in kept
    (view,) = list_invites(carol.id, project.id)
    assert (view.link, view.state, view.used_count) == (None, "open", 0)


def test_holder_learns_whom_they_join(code: str, mallory: User) -> None:
    preview = preview_invite(code, None)
    assert (preview.state, preview.reason, preview.project_name) == ("open", "", "Ferryline")
    assert (preview.invited_by, preview.role, preview.member_count) == ("Carol", "member", 4)
    assert (preview.is_member, preview.project_id) == (False, None)


def test_joining_uses_the_link_once(code: str, mallory: User, project: Project) -> None:
    assert accept_invite(mallory.id, code).role == "member"
    accept_invite(mallory.id, code)
    assert Invite.objects.get().used_count == 1
    preview = preview_invite(code, mallory.id)
    assert (preview.is_member, preview.project_id) == (True, project.id)


def test_invitation_never_lowers_a_role(code: str, carol: User, dave: User, project: Project) -> None:
    accept_invite(carol.id, code)
    assert (role_of(project, carol), Invite.objects.get().used_count) == ("admin", 0)
    accept_invite(dave.id, code)  # a viewer becomes a member
    assert (role_of(project, dave), Invite.objects.get().used_count) == ("member", 1)


def test_used_up_says_so(code: str, project: Project) -> None:
    for name in ("erik", "frida"):
        accept_invite(make_user(name).id, code)
    late = make_user("gustav")
    with pytest.raises(Conflict) as refusal:
        accept_invite(late.id, code)
    assert refusal.value.message == ("It worked for two people, and two came. Carol, who made it, can make another.")
    assert refusal.value.data == {"state": "used_up"}
    assert role_of(project, late) is None


def test_expired_says_until_when(code: str, mallory: User) -> None:
    from datetime import UTC, datetime

    Invite.objects.update(expires_at=datetime(2025, 11, 18, 14, 52, tzinfo=UTC))
    assert preview_invite(code, None).reason == "It worked until 18 November."
    with pytest.raises(Conflict):
        accept_invite(mallory.id, code)


def test_taken_back_says_by_whom_and_can_be_undone(code: str, alice: User, mallory: User, project: Project) -> None:
    invite_id = Invite.objects.get().id
    revoke_invite(alice.id, project.id, invite_id)
    assert preview_invite(code, None).reason == "Alice took it back."
    with pytest.raises(Conflict):
        accept_invite(mallory.id, code)
    assert restore_invite(alice.id, project.id, invite_id).state == "open"
    accept_invite(mallory.id, code)
    revoke_invite(alice.id, project.id, invite_id)
    assert role_of(project, mallory) == "member"  # those who joined stay
    Invite.objects.update(revoked_at=now() - timedelta(hours=1))
    with pytest.raises(Conflict):
        restore_invite(alice.id, project.id, invite_id)


@pytest.mark.parametrize("how", ["demoted", "removed", "switched off"])
def test_invitation_ends_with_its_makers_right(
    code: str, how: str, alice: User, carol: User, mallory: User, project: Project
) -> None:
    if how == "demoted":
        change_role(alice.id, project.id, carol.id, "member")
    elif how == "removed":
        remove_member(alice.id, project.id, carol.id)
    else:
        User.objects.filter(pk=carol.pk).update(is_active=False)
    assert preview_invite(code, None).reason == "Carol no longer invites people here."
    with pytest.raises(Conflict):
        accept_invite(mallory.id, code)
    assert role_of(project, mallory) is None


def test_unknown_code_and_deleted_project_tell_nothing(code: str, alice: User, mallory: User, project: Project) -> None:
    delete_project(alice.id, project.id, "Ferryline")
    for tried in (code, "invented", "", "x" * 99):
        with pytest.raises(NotFound) as refusal:
            preview_invite(tried, None)
        assert refusal.value.message == "This link opens nothing. Check that all of it was copied."
        assert refusal.value.data == {}


def test_nobody_is_invited_to_own(carol: User, alice: User, project: Project) -> None:
    for person in (carol, alice):
        with pytest.raises(Invalid):
            create_invite(person.id, project.id, Role.OWNER)


def test_member_invites_nobody(bob: User, project: Project) -> None:
    with pytest.raises(Forbidden):
        create_invite(bob.id, project.id, "viewer")
    with pytest.raises(Forbidden):
        list_invites(bob.id, project.id)


def test_invitation_of_another_project_is_nothing(code: str, mallory: User) -> None:
    from projects.services import create_project

    other = create_project(mallory.id, "Elsewhere").project
    with pytest.raises(NotFound):
        revoke_invite(mallory.id, other.id, Invite.objects.get().id)


@pytest.mark.django_db(transaction=True)
def test_last_use_goes_to_one_of_many_at_once(alice: User, project: Project) -> None:
    code = create_invite(alice.id, project.id, "member", max_uses=3)[1]
    people = [make_user(f"person{n}") for n in range(8)]
    start, results = threading.Barrier(len(people)), []

    def join(user: User) -> None:
        start.wait()
        try:
            accept_invite(user.id, code)
            results.append("in")
        except AppError as error:
            results.append(error.code)
        finally:
            connections.close_all()

    _all_at_once([lambda u=user: join(u) for user in people])
    assert sorted(results) == ["in"] * 3 + ["invite_ended"] * 5
    assert Invite.objects.get().used_count == 3
    assert Membership.objects.filter(project=project, user__in=people).count() == 3


def _all_at_once(calls: list[Any]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_link_is_in_the_answer_once_and_in_a_fragment(carol: User, project: Project, settings: Any) -> None:
    """Through HTTP, because the link is made there."""
    from django.test import RequestFactory

    from projects.api import link_to

    assert link_to(RequestFactory().get("/"), "CODE") == "http://testserver/join#CODE"
    settings.PUBLIC_URL = "https://chat.example.org/"
    assert link_to(RequestFactory().get("/"), "CODE") == "https://chat.example.org/join#CODE"
