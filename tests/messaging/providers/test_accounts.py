"""Providers added in the browser: tried before they are kept, keys never shown, the old key kept until the new answers."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from chatplatform.kernel.db import in_db
from messaging.models import ProviderAccount
from messaging.providers import catalog, rows
from messaging.providers.openai import OpenAiProvider
from messaging.providers.scripted_server import ScriptedServer
from messaging.providers.wire import ModelIn
from projects.models import AuditEntry, User
from tests.plans import dump

pytestmark = pytest.mark.django_db(transaction=True)

KEY, OTHER = "sk-canary-right-0123456789", "sk-canary-other-0123456789"


@pytest.fixture(autouse=True)
def _fresh(settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.DATA_DIR = tmp_path
    catalog.reset()
    yield
    catalog.reset()


@pytest.fixture
def harbour() -> Iterator[ScriptedServer]:
    """A provider that wants a key, on a loop of its own: the browser of the tests is synchronous."""
    server = ScriptedServer(KEY)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server
    asyncio.run_coroutine_threadsafe(server.stop(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def admin(alice: User, browser_of: Callable[[User | None], Any]) -> Any:
    alice.is_staff = True
    alice.save()
    return browser_of(alice)


def body(server: ScriptedServer, **fields: Any) -> dict[str, Any]:
    return {"name": "Harbour box", "base_url": server.address, "key": KEY, **fields}


def added(admin: Any, server: ScriptedServer, **fields: Any) -> dict[str, Any]:
    answer = admin.call("POST", "/providers", body(server, **fields))
    assert answer.status_code == 201, answer.body
    view: dict[str, Any] = answer.body
    return view


def test_a_provider_that_answers_is_kept(admin: Any, alice: User, harbour: ScriptedServer) -> None:
    view = added(admin, harbour, concurrency=3)
    assert view["slug"] == "harbour-box" and view["is_editable"] and view["has_key"]
    assert view["key_note"].startswith("set by Alice, ")
    assert (view["concurrency"], view["model_count"], view["state"]) == (3, 2, "ok")
    assert [p["slug"] for p in admin.call("GET", "/providers").body] == ["scripted", "harbour-box"]
    assert catalog.catalog().require("harbour-box:ada").provider_name == "Harbour box"
    entry = AuditEntry.objects.get(action="provider.added")
    assert (entry.actor, entry.subject, entry.data["base_url"]) == (alice, "Harbour box", harbour.address)


def test_a_key_is_nowhere_but_encrypted_in_its_row(
    admin: Any, harbour: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    view = added(admin, harbour)
    refused = admin.call("PATCH", f"/providers/{view['id']}", {"key": OTHER})
    shown = f"{view} {refused.body} {admin.call('GET', '/providers').content!r} {caplog.text}"
    held = dump().lower()
    for key in (KEY, OTHER, "canary"):
        assert key not in shown and key.lower() not in held and key.encode().hex() not in held
    assert rows.load()[0].key == KEY


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        ({"key": OTHER}, "key_refused", "Harbour box refuses the key."),
        ({"key": ""}, "key_refused", "Harbour box refuses the key."),
        ({"base_url": "http://127.0.0.1:9/v1"}, "provider_unreachable", "Harbour box cannot be reached."),
        ({"base_url": "localhost:8000"}, "address_refused", "Write the address like https://api.example.org/v1"),
        ({"base_url": "http://169.254.169.254/v1"}, "address_refused", "no provider may have"),
        ({"base_url": "http://[::ffff:169.254.169.254]/v1"}, "address_refused", "no provider may have"),
        ({"name": "  "}, "name_missing", "Give it a name."),
        ({"name": "x" * 81}, "too_long", "80 is the most"),
        ({"key": "two words"}, "invalid_key", "A key has no spaces"),
        ({"key": "a\r\nX-Evil: 1"}, "invalid_key", "A key has no spaces"),
    ],
)
def test_what_does_not_answer_is_not_kept(
    admin: Any, harbour: ScriptedServer, fields: dict[str, Any], code: str, words: str
) -> None:
    answer = admin.call("POST", "/providers", body(harbour, **fields))
    assert (answer.status_code, answer.body["code"]) == (422, code), answer.body
    assert words in answer.body["detail"]
    assert not ProviderAccount.objects.exists()


def test_a_path_that_is_none_says_so(admin: Any, harbour: ScriptedServer) -> None:
    answer = admin.call("POST", "/providers", body(harbour, base_url=harbour.address.removesuffix("/v1") + "/v2"))
    assert answer.status_code == 422 and "often ends in /v1" in answer.body["detail"]


def test_private_addresses_need_the_setting(admin: Any, harbour: ScriptedServer, settings: Settings) -> None:
    settings.ARE_PRIVATE_PROVIDERS_ALLOWED = False
    answer = admin.call("POST", "/providers", body(harbour))
    assert (answer.status_code, answer.body["code"]) == (422, "address_refused")
    assert "private network" in answer.body["detail"]


def test_the_old_key_stays_until_the_new_one_answers(admin: Any, harbour: ScriptedServer) -> None:
    view = added(admin, harbour)
    path = f"/providers/{view['id']}"
    assert admin.call("PATCH", path, {"key": OTHER}).body["code"] == "key_refused"
    assert rows.load()[0].key == KEY
    harbour.key = OTHER
    assert admin.call("PATCH", path, {"key": OTHER}).status_code == 200
    assert rows.load()[0].key == OTHER
    assert AuditEntry.objects.filter(action="provider.key_changed").count() == 1


def test_a_key_does_not_follow_to_another_address(admin: Any, harbour: ScriptedServer) -> None:
    view = added(admin, harbour)
    moved = {"base_url": harbour.address.replace("127.0.0.1", "localhost")}
    answer = admin.call("PATCH", f"/providers/{view['id']}", moved)
    assert (answer.status_code, answer.body["code"]) == (422, "key_needed")
    answer = admin.call("PATCH", f"/providers/{view['id']}", {**moved, "key": KEY})
    assert answer.status_code == 200 and "localhost" in answer.body["base_url"]


def test_a_key_is_not_kept_for_an_address_that_came_while_it_was_tried(
    admin: Any, harbour: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = added(admin, harbour)
    listed = OpenAiProvider.list_entries

    async def list_and_be_overtaken(self: OpenAiProvider) -> list[ModelIn]:
        entries = await listed(self)
        await in_db(ProviderAccount.objects.update, base_url="http://other.example/v1")
        return entries

    monkeypatch.setattr(OpenAiProvider, "list_entries", list_and_be_overtaken)
    harbour.key = OTHER
    answer = admin.call("PATCH", f"/providers/{view['id']}", {"key": OTHER})
    assert (answer.status_code, answer.body["code"]) == (409, "conflict")
    (kept,) = rows.load()
    assert (kept.base_url, kept.key) == ("http://other.example/v1", KEY)


def test_name_and_number_change_without_a_question(admin: Any, harbour: ScriptedServer) -> None:
    view = added(admin, harbour)
    harbour.key = "another"  # whoever asks now is refused
    same = {"name": "Pier", "concurrency": 9, "base_url": harbour.address}
    answer = admin.call("PATCH", f"/providers/{view['id']}", same)
    assert (answer.body["name"], answer.body["concurrency"], answer.body["slug"]) == ("Pier", 9, "harbour-box")
    assert catalog.catalog().require("harbour-box:ada").provider_name == "Pier"


def test_two_of_one_name_get_two_slugs_and_known_names_are_kept_free(admin: Any, harbour: ScriptedServer) -> None:
    slugs = [added(admin, harbour, name=name)["slug"] for name in ("Pier", "Pier", "OpenAI", "Local", "…")]
    assert slugs == ["pier", "pier-2", "openai-2", "local-2", "provider"]


def test_a_removed_provider_takes_its_models_along(admin: Any, harbour: ScriptedServer) -> None:
    view = added(admin, harbour)
    assert admin.call("DELETE", f"/providers/{view['id']}").status_code == 204
    assert catalog.catalog().get("harbour-box:ada") is None
    assert not ProviderAccount.objects.exists()
    assert admin.call("DELETE", f"/providers/{view['id']}").status_code == 404


def test_a_list_can_be_asked_for_again(admin: Any, harbour: ScriptedServer) -> None:
    view = added(admin, harbour)
    harbour.are_tests_on = True
    assert admin.call("POST", f"/providers/{view['id']}/refresh").body["model_count"] == 3
    harbour.key = "another"
    answer = admin.call("POST", f"/providers/{view['id']}/refresh")
    assert (answer.status_code, answer.body["code"]) == (422, "key_refused")
    (now,) = [p for p in admin.call("GET", "/providers").body if p["id"] == view["id"]]
    assert now["state"] == "key_refused" and now["state_since"]


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/providers"), ("POST", "/providers"), ("PATCH", "/providers/{id}"), ("DELETE", "/providers/{id}"), ("POST", "/providers/{id}/refresh"),
])  # fmt: skip
@pytest.mark.parametrize("who", ["carol", None])
def test_providers_are_for_who_looks_after_the_server(
    who: str | None, method: str, path: str, admin: Any, harbour: ScriptedServer,
    browser_of: Callable[[User | None], Any], request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    view = added(admin, harbour)
    browser = browser_of(request.getfixturevalue(who) if who else None)
    sent = (
        body(harbour) if (method, path) == ("POST", "/providers") else {"name": "Mine"} if method == "PATCH" else None
    )
    answer = browser.call(method, path.format(id=view["id"]), sent)
    assert answer.status_code == (403 if who else 401)
    assert ProviderAccount.objects.get().name == "Harbour box"
