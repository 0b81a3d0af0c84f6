"""Sessions: listed, ended from elsewhere, by a new password, by lying idle."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from chatplatform.kernel.clock import now
from projects.models import AuditEntry, Membership, Project, User
from projects.signals import session_moved, signed_out
from tests.projects.door import PASSWORD, call, sign_in, sign_up, two_browsers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_limits_yet")]


@pytest.fixture
def heard() -> Iterator[list[tuple[Any, Any]]]:
    """(user id, session key) of every sign-out that the live side would hear of."""
    news: list[tuple[Any, Any]] = []

    def hear(sender: object, user_id: Any, session_key: Any, **_: object) -> None:
        news.append((user_id, session_key))

    signed_out.connect(hear)
    yield news
    signed_out.disconnect(hear)


def test_sign_out_ends_the_session_and_says_so(heard: list[tuple[Any, Any]]) -> None:
    client = Client()
    sign_up(client)
    key = client.cookies["parley"].value
    assert call(client, "DELETE", "auth/session").status_code == 401  # allauth's way of saying: signed out
    client.cookies["parley"] = key
    assert client.get("/api/v1/me").status_code == 401
    assert heard == [(User.objects.get().id, key)]


def test_sessions_are_listed_with_where_they_are() -> None:
    desk, _ = two_browsers()
    rows = call(desk, "GET", "auth/sessions").body["data"]
    assert {(row["user_agent"], row["ip"], row["is_current"]) for row in rows} == {
        ("Desk", "127.0.0.1", True),
        ("Phone", "127.0.0.1", False),
    }
    assert all(row["last_seen_at"] for row in rows)


def test_session_revoked_elsewhere_is_worthless_at_once(heard: list[tuple[Any, Any]]) -> None:
    desk, phone = two_browsers()
    key = phone.cookies["parley"].value
    other = next(row for row in call(desk, "GET", "auth/sessions").body["data"] if not row["is_current"])
    assert call(desk, "DELETE", "auth/sessions", {"sessions": [other["id"]]}).status_code == 200
    assert phone.get("/api/v1/me").status_code == 401
    assert desk.get("/api/v1/me").status_code == 200
    assert heard == [(User.objects.get().id, key)]


def test_nobody_revokes_the_session_of_another() -> None:
    desk, _ = two_browsers()
    mallory = Client()
    sign_up(mallory, "mallory@example.org")
    row = call(desk, "GET", "auth/sessions").body["data"][0]
    assert call(mallory, "DELETE", "auth/sessions", {"sessions": [row["id"]]}).status_code == 400
    assert desk.get("/api/v1/me").status_code == 200


def test_new_password_signs_the_others_out(heard: list[tuple[Any, Any]]) -> None:
    moved: list[tuple[str, str]] = []

    def hear(sender: object, old_key: str, new_key: str, **_: object) -> None:
        moved.append((old_key, new_key))

    session_moved.connect(hear)
    desk, phone = two_browsers()
    key = phone.cookies["parley"].value
    new = {"current_password": PASSWORD, "new_password": "the ferry left at ten"}
    old_key = desk.cookies["parley"].value
    assert call(desk, "POST", "account/password/change", new).status_code == 200
    assert desk.get("/api/v1/me").status_code == 200
    assert phone.get("/api/v1/me").status_code == 401
    assert heard == [(User.objects.get().id, key)]  # the desk's own sockets stay open
    assert moved == [(old_key, desk.cookies["parley"].value)]
    assert AuditEntry.objects.filter(action="password.changed").exists()
    assert sign_in(Client()).status_code == 401
    assert sign_in(Client(), password="the ferry left at ten").status_code == 200


def test_new_password_needs_the_old_one() -> None:
    desk, phone = two_browsers()
    wrong = {"current_password": "not the password", "new_password": "the ferry left at ten"}
    answer = call(desk, "POST", "account/password/change", wrong)
    assert answer.status_code == 400
    assert answer.body["errors"][0]["message"] == "That is not the password you have now."
    assert phone.get("/api/v1/me").status_code == 200


def test_account_switched_off_is_out_at_once() -> None:
    client = Client()
    sign_up(client)
    user = User.objects.get()
    user.is_active = False
    user.save()
    assert client.get("/api/v1/me").status_code == 401


def test_idle_session_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from chatplatform.kernel import clock
    from projects import sessions

    client = Client()
    sign_up(client)
    assert client.get("/api/v1/me").status_code == 200
    later = clock.now() + sessions.IDLE + timedelta(minutes=1)
    monkeypatch.setattr(sessions, "now", lambda: later)
    assert client.get("/api/v1/me").status_code == 401
    monkeypatch.undo()
    assert client.get("/api/v1/me").status_code == 401


def test_session_that_ends_while_it_is_noted_as_used_is_signed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from projects import sessions

    client = Client()
    sign_up(client)

    def ended_meanwhile() -> datetime:
        Session.objects.all().delete()
        return now()

    monkeypatch.setattr(sessions, "now", ended_meanwhile)
    assert client.get("/api/v1/me").status_code == 401


def test_sessions_are_for_their_own_eyes() -> None:
    assert call(Client(), "GET", "auth/sessions").status_code == 401
    assert Membership.objects.count() == Project.objects.count() == 0
