"""Sessions remembered in a Redis that all processes share: quick while it is there, and never more than rows allow."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from chatplatform.kernel import limits
from chatplatform.profile import caches as caches_of
from projects import session_store
from projects.models import User
from tests.projects.door import PASSWORD, call, sign_in, sign_up, two_browsers
from tests.servers import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)

AWAY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def shared(redis: RedisServer, settings: LazySettings) -> Iterator[str]:
    """The caches of the full profile; the address of their Redis."""
    limits.reset()
    url = redis.empty_database()
    settings.CACHES = caches_of(url)
    yield url
    limits.reset()


def status(client: Client) -> int:
    return client.get("/api/v1/me").status_code


def key_of(client: Client) -> str:
    return client.cookies["parley"].value


def ask_another_redis(settings: LazySettings, url: str) -> None:
    settings.CACHES = caches_of(url)


def test_who_was_asked_for_a_moment_ago_costs_no_query() -> None:
    client = Client()
    sign_up(client)
    assert status(client) == 200
    with CaptureQueriesContext(connection) as queries:
        me = client.get("/api/v1/me").json()
    assert (me["name"], me["email"], me["is_staff"]) == ("Nora", "nora@example.org", True)
    assert len(queries) == 0


def test_what_a_cache_keeps_has_no_password_and_ends_by_itself(shared: str) -> None:
    import redis as client

    browser = Client()
    sign_up(browser)
    status(browser)
    with client.Redis.from_url(shared) as raw:
        keys: Any = raw.keys("*session*")
        assert keys
        for key in keys:
            assert b"argon2" not in raw.get(key) and b"md5$" not in raw.get(key)
            assert 0 < raw.ttl(key) <= 4 * session_store.TRUSTED_S


def test_redis_emptied_signs_nobody_out() -> None:
    client = Client()
    sign_up(client)
    status(client)
    caches["sessions"].clear()
    assert status(client) == 200


def test_redis_away_signs_nobody_out_and_lets_people_in(settings: LazySettings) -> None:
    client = Client()
    sign_up(client)
    ask_another_redis(settings, AWAY)
    assert status(client) == 200
    assert sign_in(Client()).status_code == 200
    assert call(client, "DELETE", "auth/session").status_code == 401
    assert status(client) == 401


def test_session_that_ended_is_over_in_every_process() -> None:
    desk, phone = two_browsers()
    assert (status(desk), status(phone)) == (200, 200)  # both are remembered now
    other = next(row for row in call(desk, "GET", "auth/sessions").body["data"] if not row["is_current"])
    call(desk, "DELETE", "auth/sessions", {"sessions": [other["id"]]})
    assert (status(desk), status(phone)) == (200, 401)


def test_session_whose_row_was_read_just_before_it_ended_does_not_come_back() -> None:
    client = Client()
    sign_up(client)
    status(client)
    key = key_of(client)
    kept = session_store.recall(key)
    assert kept is not None
    session_store.forget([key])
    assert call(client, "DELETE", "auth/session").status_code == 401
    session_store.remember(key, kept)  # by a request that read the row before it went
    client.cookies["parley"] = key
    assert status(client) == 401


def test_session_ended_while_redis_was_away_ends_when_the_half_minute_is_over(
    settings: LazySettings, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_store, "TRUSTED_S", 1)
    client = Client()
    sign_up(client)
    status(client)
    key = key_of(client)
    ask_another_redis(settings, AWAY)
    assert call(client, "DELETE", "auth/session").status_code == 401
    client.cookies["parley"] = key
    assert status(client) == 401, "where Redis is away the row decides"
    ask_another_redis(settings, shared)
    _until(lambda: session_store.recall(key) is None)  # nobody told Redis: its own clock ends what it keeps
    client.cookies["parley"] = key
    assert status(client) == 401


def _until(is_so: Any) -> None:
    import time

    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_sign_out_that_is_rolled_back_has_not_happened() -> None:
    client = Client()
    sign_up(client)
    status(client)
    with transaction.atomic():
        client.session.delete(key_of(client))
        transaction.set_rollback(True)
    assert status(client) == 200
    assert Session.objects.filter(pk=key_of(client)).exists()


def test_new_password_signs_the_others_out_everywhere() -> None:
    desk, phone = two_browsers()
    assert (status(desk), status(phone)) == (200, 200)
    new = {"current_password": PASSWORD, "new_password": "the ferry left at ten"}
    assert call(desk, "POST", "account/password/change", new).status_code == 200
    assert (status(desk), status(phone)) == (200, 401)
    assert call(desk, "POST", "account/password/change", new).status_code == 400, (
        "the old one is over for the cache too"
    )


def test_what_changes_about_a_person_is_known_at_once() -> None:
    client = Client()
    sign_up(client)
    status(client)
    client.patch("/api/v1/me", {"name": "Eleonora"}, content_type="application/json")
    assert client.get("/api/v1/me").json()["name"] == "Eleonora"
    user = User.objects.get()
    user.is_staff = False
    user.save()
    assert client.get("/api/v1/me").json()["is_staff"] is False
    user.is_active = False
    user.save()
    assert status(client) == 401


def test_fewer_tries_for_a_password_hold_while_redis_is_away(settings: LazySettings) -> None:
    client = Client()
    sign_up(client)
    ask_another_redis(settings, AWAY)
    wrong = {"current_password": "not the password", "new_password": "the ferry left at ten"}
    answers = [call(client, "POST", "account/password/change", wrong).status_code for _ in range(7)]
    assert answers[:5] == [400] * 5
    assert answers[5:] == [429, 429]
