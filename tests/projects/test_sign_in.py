"""Signing in: what is said of a wrong password, how often it may be tried, and a password that was forgotten."""

from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client

from projects.models import User
from tests.projects.door import sign_in, sign_up, two_browsers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_limits_yet")]


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


@pytest.mark.parametrize("path", ["auth/password/request", "auth/code/request", "account/email", "account/phone"])
def test_doors_that_are_not_used_are_not_there(path: str) -> None:
    client = Client()
    sign_up(client)
    answer = client.post(f"/_allauth/browser/v1/{path}", {"email": "nora@example.org"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


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
