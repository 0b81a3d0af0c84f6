"""Making an account: the first one, by invitation, and where the server is closed."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.db import connections
from django.test import Client

from projects.accounts import FIRST_PROJECT
from projects.models import FirstAccount, Project, User
from projects.services import create_project
from tests.projects.door import PASSWORD, call, sign_in, sign_up
from threads.models import Thread

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_limits_yet")]


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
