"""Sign-up, sign-in and sessions, through the addresses that the page uses."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client

from chatplatform.kernel import limits
from chatplatform.kernel.clock import now
from projects.accounts import FIRST_PROJECT
from projects.models import AuditEntry, FirstAccount, Membership, Project, User
from projects.services import create_project
from projects.signals import session_moved, signed_out
from threads.models import Thread

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "a ferry leaves at nine"


@pytest.fixture(autouse=True)
def _no_limits_yet() -> Iterator[None]:
    limits.reset()
    yield
    limits.reset()


def call(client: Client, method: str, path: str, body: Any = None) -> Any:
    answer = client.generic(
        method,
        f"/_allauth/browser/v1/{path}",
        json.dumps(body) if body is not None else "",
        content_type="application/json",
    )
    answer.body = json.loads(answer.content)  # type: ignore[attr-defined]
    return answer


def sign_up(client: Client, email: str = "nora@example.org", **more: Any) -> Any:
    return call(client, "POST", "auth/signup", {"email": email, "password": PASSWORD, "name": "Nora", **more})


def sign_in(client: Client, email: str = "nora@example.org", password: str = PASSWORD) -> Any:
    return call(client, "POST", "auth/login", {"email": email, "password": password})


def test_server_says_who_asks_without_refusing_a_stranger() -> None:
    client = Client()
    answer = client.get("/api/v1/server")
    assert (answer.status_code, answer.json()["me"]) == (200, None)
    sign_up(client)
    answer = client.get("/api/v1/server")
    assert answer.json()["me"] == client.get("/api/v1/me").json()
    assert answer["Cache-Control"] == "no-store"
    assert Client().get("/api/v1/server").json()["me"] is None


def test_first_account_looks_after_the_server_and_lands_in_a_thread() -> None:
    client = Client()
    assert client.get("/api/v1/server").json()["has_people"] is False
    assert sign_up(client).status_code == 200
    nora = User.objects.get()
    assert (nora.is_staff, nora.name, nora.email) == (True, "Nora", "nora@example.org")
    (project,) = client.get("/api/v1/projects").json()
    assert (project["name"], project["role"]) == (FIRST_PROJECT, "owner")
    assert Thread.objects.filter(project_id=project["id"]).count() == 1
    assert client.get("/api/v1/me").json()["is_staff"] is True


def test_second_account_looks_after_nothing() -> None:
    sign_up(Client())
    client = Client()
    assert sign_up(client, "otto@example.org").status_code == 200
    otto = User.objects.get(email="otto@example.org")
    assert (otto.is_staff, otto.is_superuser) == (False, False)
    assert client.get("/api/v1/projects").json() == []
    assert FirstAccount.objects.count() == 1


def test_nobody_becomes_first_where_the_first_is_taken(alice: User) -> None:
    sign_up(Client())
    assert User.objects.get(email="nora@example.org").is_staff is False


def test_of_many_first_sign_ups_at_once_one_is_first() -> None:
    start = threading.Barrier(6)

    def run(number: int) -> None:
        start.wait()
        try:
            sign_up(Client(), f"person{number}@example.org")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == 6
    assert User.objects.filter(is_staff=True).count() == 1
    assert Project.objects.count() == Thread.objects.count() == 1


def test_of_two_sign_ups_with_one_email_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both forms were valid; the second finds the row there when it saves."""
    from allauth.account.internal.flows import manage_email

    sign_up(Client())
    monkeypatch.setattr(manage_email, "email_already_exists", lambda email: (email, False))
    answer = sign_up(Client())
    assert (answer.status_code, answer.body["code"]) == (409, "email_taken")
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"email": "nothing"}, "email"),
        ({"name": ""}, "name"),
        ({"name": "\u202e"}, "name"),
    ],
)
def test_sign_up_says_which_field_is_wrong(change: dict[str, str], field: str) -> None:
    answer = sign_up(Client(), **change)
    assert answer.status_code == 400
    assert [error["param"] for error in answer.body["errors"]] == [field]
    assert not User.objects.exists()


def test_email_is_taken_in_any_case() -> None:
    sign_up(Client())
    answer = sign_up(Client(), "NORA@example.org")
    assert answer.status_code == 400
    assert answer.body["errors"][0]["message"] == "Somebody here has this email already. Sign in instead."
    assert sign_in(Client(), "Nora@Example.org").status_code == 200


def test_no_mail_is_sent(settings: LazySettings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    client = Client()
    sign_up(client)
    sign_up(Client())
    sign_in(Client(), password="not the password")
    call(client, "POST", "account/password/change", {"current_password": PASSWORD, "new_password": PASSWORD + "!"})
    assert mail.outbox == []


def test_sign_ups_from_one_address_are_limited() -> None:
    answers = [sign_up(Client(), f"person{n}@example.org", name="") for n in range(21)]
    assert [a.status_code for a in answers] == [400] * 20 + [429]
    assert answers[-1].body["retry_after_s"] > 3500
    assert sign_up(Client(REMOTE_ADDR="192.0.2.7")).status_code == 200


# -- closed --------------------------------------------------------------------------------------


@pytest.fixture
def invite(alice: User) -> Callable[..., str]:
    def make(**how: Any) -> str:
        from projects.invites import create_invite

        project = create_project(alice.id, "Ferryline").project
        return create_invite(alice.id, project.id, "member", **how)[1]

    return make


def test_closed_server_takes_the_first_account_and_then_nobody(settings: LazySettings) -> None:
    settings.IS_SIGN_UP_OPEN = False
    assert Client().get("/api/v1/server").json()["is_sign_up_open"] is True
    assert sign_up(Client()).status_code == 200
    answer = sign_up(Client(), "otto@example.org")
    assert (answer.status_code, answer.body["code"]) == (403, "sign_up_closed")
    assert not User.objects.filter(email="otto@example.org").exists()


def test_of_many_first_sign_ups_at_a_closed_server_one_gets_in(settings: LazySettings) -> None:
    settings.IS_SIGN_UP_OPEN = False
    answers: list[int] = []
    start = threading.Barrier(4)

    def run(number: int) -> None:
        start.wait()
        try:
            answers.append(sign_up(Client(), f"person{number}@example.org").status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 403, 403, 403]
    assert User.objects.filter(is_staff=True).count() == User.objects.count() == 1


def test_closed_server_takes_whom_an_invitation_brings(settings: LazySettings, invite: Callable[..., str]) -> None:
    settings.IS_SIGN_UP_OPEN = False
    code = invite(max_uses=1)
    client = Client()
    assert sign_up(client, invite=code).status_code == 200
    assert [p["name"] for p in client.get("/api/v1/projects").json()] == ["Ferryline"]
    # The page accepts the invitation once more, which changes nothing.
    again = client.post("/api/v1/invites/accept", {"code": code}, content_type="application/json")
    assert again.json()["role"] == "member"


def test_invitation_for_one_makes_one_account(settings: LazySettings, invite: Callable[..., str]) -> None:
    settings.IS_SIGN_UP_OPEN = False
    code = invite(max_uses=1)
    sign_up(Client(), invite=code)
    answer = sign_up(Client(), "otto@example.org", invite=code)
    assert (answer.status_code, answer.body["code"]) == (409, "invite_ended")
    assert answer.body["detail"].startswith("It worked for one person, and one came.")
    assert not User.objects.filter(email="otto@example.org").exists()


def test_invented_invitation_makes_no_account(settings: LazySettings, alice: User) -> None:
    settings.IS_SIGN_UP_OPEN = False
    answer = sign_up(Client(), invite="invented")
    assert (answer.status_code, answer.body["code"]) == (404, "invite_unknown")


# -- signing in ----------------------------------------------------------------------------------


def test_wrong_email_and_wrong_password_are_one_message() -> None:
    sign_up(Client())
    wrong = [sign_in(Client(), password="not the password"), sign_in(Client(), "nobody@example.org")]
    assert {a.status_code for a in wrong} == {401}
    assert {a.body["detail"] for a in wrong} == {
        "Email and password do not go together. Four more tries, then a minute’s rest."
    }
    assert {(a.body["code"], a.body["tries_left"]) for a in wrong} == {("wrong_password", 4)}


def test_five_wrong_passwords_then_a_rest_even_with_the_right_one() -> None:
    sign_up(Client())
    said = [sign_in(Client(), password=f"not the password {n}").body["detail"] for n in range(5)]
    assert said[3].endswith("One more try, then a minute’s rest.")
    assert said[4].endswith("Now a minute’s rest.")
    answer = sign_in(Client())
    assert (answer.status_code, answer.body["code"]) == (429, "too_many")
    assert 0 < answer.body["retry_after_s"] <= 60
    assert int(answer["Retry-After"]) <= 61
    other = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(other).status_code == 200


def test_success_gives_the_tries_back() -> None:
    sign_up(Client())
    for _ in range(3):
        sign_in(Client(), password="not the password")
    assert sign_in(Client()).status_code == 200
    assert sign_in(Client(), password="not the password").body["tries_left"] == 4


def test_account_that_was_switched_off_reads_like_a_wrong_password() -> None:
    sign_up(Client())
    User.objects.update(is_active=False)
    answer = sign_in(Client())
    assert (answer.status_code, answer.body["code"]) == (401, "wrong_password")


def test_unknown_email_costs_one_hash_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    sign_up(Client())
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    sign_in(Client(), password="not the password")
    known = len(hashed)
    sign_in(Client(), "nobody@example.org")
    assert (known, len(hashed) - known) == (1, 1)


def test_session_id_is_new_after_sign_in() -> None:
    sign_up(Client())
    client = Client()
    client.get("/_allauth/browser/v1/auth/session")
    planted = client.session
    planted["x"] = 1
    planted.save()
    client.cookies["parley"] = planted.session_key or ""
    sign_in(client)
    assert client.cookies["parley"].value != planted.session_key


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    client = Client()
    sign_up(client)
    cookie = client.cookies["parley"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 60 * 60 * 24 * 30
    assert len(cookie.value) >= 32  # at 5 bits a character over 128


# -- sessions ------------------------------------------------------------------------------------


@pytest.fixture
def heard() -> Iterator[list[tuple[Any, Any]]]:
    """(user id, session key) of every sign-out that the live side would hear of."""
    news: list[tuple[Any, Any]] = []

    def hear(sender: object, user_id: Any, session_key: Any, **_: object) -> None:
        news.append((user_id, session_key))

    signed_out.connect(hear)
    yield news
    signed_out.disconnect(hear)


def two_browsers() -> tuple[Client, Client]:
    desk, phone = Client(headers={"User-Agent": "Desk"}), Client(headers={"User-Agent": "Phone"})
    sign_up(desk)
    sign_in(phone)
    return desk, phone


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


@pytest.mark.parametrize("path", ["auth/password/request", "auth/code/request", "account/email", "account/phone"])
def test_doors_that_are_not_used_are_not_there(path: str) -> None:
    client = Client()
    sign_up(client)
    answer = client.post(f"/_allauth/browser/v1/{path}", {"email": "nora@example.org"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


# -- a forgotten password ------------------------------------------------------------------------


def _typed(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    from projects.management.commands import set_password

    typed = iter(passwords)
    monkeypatch.setattr(set_password, "getpass", lambda prompt: next(typed))


def test_forgotten_password_is_set_by_who_holds_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, phone = two_browsers()
    _typed(monkeypatch, "the ferry left at ten", "the ferry left at ten")
    call_command("set_password", "Nora@example.org", stdout=StringIO())
    assert {desk.get("/api/v1/me").status_code, phone.get("/api/v1/me").status_code} == {401}
    assert not Session.objects.exists()
    assert sign_in(Client(), password="the ferry left at ten").status_code == 200


@pytest.mark.parametrize("typed", [("the ferry left at ten", "the ferry left at nine"), ("short", "short")])
def test_password_that_is_refused_changes_nothing(monkeypatch: pytest.MonkeyPatch, typed: tuple[str, str]) -> None:
    client = Client()
    sign_up(client)
    _typed(monkeypatch, *typed)
    with pytest.raises(CommandError):
        call_command("set_password", "nora@example.org")
    assert client.get("/api/v1/me").status_code == 200
