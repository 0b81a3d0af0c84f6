"""What every answer carries and what is refused before a view sees it: the promises of docs/security.md."""

import asyncio
import json
import re
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings, settings
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.test import AsyncClient, Client

from chatplatform import settings as product
from chatplatform.body_limit import limited
from projects.models import Project, User
from projects.signals import access_lost

pytestmark = pytest.mark.django_db(transaction=True)

PATHS = ["/", "/api/v1/server", "/api/v1/me", "/_allauth/browser/v1/config", "/livez", "/admin/", "/static/none.js"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(path: str) -> None:
    answer = Client().get(path)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in answer["Permissions-Policy"]
    policy = dict(part.strip().split(" ", 1) for part in answer["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "http:" not in answer["Content-Security-Policy"]
    assert "*" not in answer["Content-Security-Policy"]


def test_answers_of_the_api_are_kept_by_nobody(browser_of: Any, alice: User) -> None:
    assert browser_of(alice).get("/api/v1/me")["Cache-Control"] == "no-store"


async def test_real_server_answers_alike(alice: User, settings: LazySettings) -> None:
    """The server's own path: all of its middleware, running in place and not through threads."""
    settings.MIDDLEWARE = product.MIDDLEWARE
    client = AsyncClient()
    await client.aforce_login(alice)
    answer = await client.get("/api/v1/me")
    assert (answer.status_code, answer.json()["name"]) == (200, "Alice")
    for header in ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy"):
        assert header in answer.headers
    assert answer["Content-Length"] == str(len(answer.content))
    assert (await AsyncClient().get("/api/v1/me")).status_code == 401
    static = await AsyncClient().get("/static/admin/css/base.css")
    assert (static.status_code, static["X-Content-Type-Options"]) == (200, "nosniff")
    assert "Content-Security-Policy" in static.headers
    assert "Access-Control-Allow-Origin" not in static.headers


def test_deploy_check_is_clean(settings: LazySettings) -> None:
    out = StringIO()
    settings.DEBUG = False
    settings.SECRET_KEY = "k3Vt-9sQ" * 8
    settings.IS_HTTPS = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31536000
    call_command("check", deploy=True, fail_level="WARNING", stdout=out, stderr=out)
    assert "no issues" in out.getvalue()


# -- requests that no page of ours sends -----------------------------------------------------------


@pytest.fixture
def strict(alice: User, project: Project) -> Client:
    """Alice's browser, checked for CSRF as a real one is."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    client.get("/_allauth/browser/v1/auth/session")
    return client


def post(client: Client, path: str = "/api/v1/projects", body: Any = None, **headers: str) -> Any:
    text = json.dumps({"name": "New"} if body is None else body)
    kind = headers.pop("kind", "application/json")
    return client.post(path, text, content_type=kind, headers=headers)


def token(client: Client) -> str:
    return client.cookies["parley-csrf"].value


def test_page_with_its_token_is_served(strict: Client) -> None:
    answer = post(strict, **{"X-CSRFToken": token(strict), "Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 201


@pytest.mark.parametrize("path", ["/api/v1/projects", "/_allauth/browser/v1/account/password/change"])
def test_without_the_token_nothing_is_done(strict: Client, path: str) -> None:
    answer = post(strict, path)
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
    assert post(strict, path, **{"X-CSRFToken": "x" * 32}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_are_refused_even_with_the_token(strict: Client, site: str) -> None:
    answer = post(strict, **{"X-CSRFToken": token(strict), "Sec-Fetch-Site": site})
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


@pytest.mark.parametrize("path", ["/api/v1/projects", "/_allauth/browser/v1/auth/login", "/api/v1/invites/preview"])
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_what_a_form_can_send_is_refused(path: str, kind: str) -> None:
    answer = post(Client(), path, kind=kind)
    assert (answer.status_code, answer.json()["code"]) == (415, "wrong_content_type")


def test_sign_in_by_another_site_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = post(client, "/_allauth/browser/v1/auth/login", {"email": "a@example.org", "password": "x"})
    assert answer.status_code == 403


def test_method_override_does_nothing(strict: Client, project: Project) -> None:
    strict.get(f"/api/v1/projects/{project.id}?_method=DELETE", headers={"X-HTTP-Method-Override": "DELETE"})
    project.refresh_from_db()
    assert project.deleted_at is None


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", ""])
def test_foreign_host_is_refused(host: str) -> None:
    answer = Client().get("/api/v1/server", headers={"Host": host} if host else {"Host": "\x00"})
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong_host")
    assert host not in answer.content.decode() or not host


def test_reflected_headers_are_not_in_the_page() -> None:
    mark = "<script>mark</script>"
    answer = Client().get("/x", headers={"Accept-Language": mark, "User-Agent": mark, "X-Forwarded-Host": mark})
    assert mark.encode() not in answer.content


@pytest.mark.parametrize(
    "body",
    ['{"name": "x"', "[]", "null", '"x"', '{"name": 1}', '{"name": "x", "role": "owner"}', "[" * 5000, "\xff"],
)
def test_body_that_is_not_of_the_form_is_a_problem(strict: Client, body: str) -> None:
    answer = strict.post(
        "/api/v1/projects", body, content_type="application/json", headers={"X-CSRFToken": token(strict)}
    )
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid"


def test_unknown_address_of_the_api_is_a_problem() -> None:
    answer = Client().get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("key", ["x", "0", "../..", "%2e%2e", "1" * 40, "\u0660" * 32])
def test_what_is_no_id_is_nothing(browser_of: Any, alice: User, key: str) -> None:
    answer = browser_of(alice).get(f"/api/v1/projects/{key}/members")
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is nothing here for you."


def test_id_in_another_spelling_is_the_same_id(browser_of: Any, mallory: User, project: Project) -> None:
    browser = browser_of(mallory)
    for spelled in (str(project.id).upper(), project.id.hex, f"{{{project.id}}}", f"urn:uuid:{project.id}"):
        assert browser.get(f"/api/v1/projects/{spelled}/members").status_code == 404


def test_defect_tells_no_more_than_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from projects import queries

    def fail() -> None:
        raise RuntimeError("the database password is hunter2")

    monkeypatch.setattr(queries, "server_view", fail)
    answer = Client(raise_request_exception=False).get("/api/v1/server")
    assert (answer.status_code, answer.json()["code"]) == (500, "broken")
    assert b"hunter2" not in answer.content


# -- size --------------------------------------------------------------------------------------


def test_announced_size_is_refused_at_once() -> None:
    answer = Client().post("/_allauth/browser/v1/auth/login", "x" * (10 << 20), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("is_announced", [True, False])
async def test_body_is_not_read_beyond_the_limit(is_announced: bool) -> None:
    """Below Django, which would first take all of it to its disk."""
    most, asked, sent = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, 0, []

    async def receive() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return {"type": "http.request", "body": b"x" * 65536, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    if is_announced:
        headers.append((b"content-length", str(most + 1).encode()))
    scope = {"type": "http", "method": "POST", "path": "/api/v1/projects", "headers": headers, "query_string": b""}
    await limited(get_asgi_application())(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["code"] == "too_large"
    assert asked == (0 if is_announced else most // 65536 + 1)


# -- the admin site ------------------------------------------------------------------------------


def test_admin_site_has_no_password_field_of_its_own() -> None:
    answer = Client().get("/admin/login/")
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert Client().post("/admin/login/", {"username": "a", "password": "b"}).status_code == 302


def test_admin_site_opens_for_staff_alone(browser_of: Any, alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    alice.refresh_from_db()
    assert browser_of(alice).get("/admin/projects/user/").status_code == 200
    assert browser_of(bob).get("/admin/projects/user/").status_code == 302


def test_admin_switches_an_account_off_and_its_sessions_end(browser_of: Any, alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    alice.refresh_from_db()
    desk = browser_of(bob)
    form = {"email": bob.email, "name": bob.name}  # is_active is not ticked
    assert browser_of(alice).post(f"/admin/projects/user/{bob.id}/change/", form).status_code == 302
    bob.refresh_from_db()
    assert bob.is_active is False
    assert desk.get("/api/v1/me").status_code == 401


def test_admin_deletes_a_project_and_its_people_hear_nothing_more_of_it(
    browser_of: Any, alice: User, project: Project, django_capture_on_commit_callbacks: Any
) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    alice.refresh_from_db()
    lost: list[Any] = []
    receiver = lambda user_id, project_id, thread_id, **_: lost.append((user_id, project_id, thread_id))  # noqa: E731
    access_lost.connect(receiver)
    form = {"name": project.name, "about": project.about, "deleted_at_0": "2026-11-21", "deleted_at_1": "12:00:00"}
    with django_capture_on_commit_callbacks(execute=True):
        answer = browser_of(alice).post(f"/admin/projects/project/{project.id}/change/", form)
    access_lost.disconnect(receiver)
    assert answer.status_code == 302, answer.content
    people = project.memberships.values_list("user_id", flat=True)
    assert sorted(lost) == sorted((user_id, project.id, None) for user_id in people)


def test_admin_writes_an_email_as_signing_in_looks_for_it(browser_of: Any, alice: User, bob: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True, is_superuser=True)
    alice.refresh_from_db()
    form = {"email": "Robert@Example.ORG", "name": bob.name, "is_active": "on"}
    assert browser_of(alice).post(f"/admin/projects/user/{bob.id}/change/", form).status_code == 302
    bob.refresh_from_db()
    assert bob.email == "robert@example.org"


def test_documents_of_the_api_are_there() -> None:
    document = Client().get("/api/openapi.json").json()
    assert "/api/v1/projects" in document["paths"]
    send = document["paths"]["/api/v1/threads/{thread_id}/messages"]["post"]
    assert [p["name"] for p in send["parameters"]] == ["thread_id", "Idempotency-Key"]
    for operation in [one for path in document["paths"].values() for one in path.values()]:
        assert len(operation["responses"]) == 2, operation  # how it answers, and how it refuses
        assert "application/problem+json" in operation["responses"]["default"]["content"]
    assert {"code", "detail", "retry_after_s"} <= set(document["components"]["schemas"]["Problem"]["properties"])
    page = Client().get("/api/docs")
    assert page.status_code == 200
    inline = re.findall(rb"<script(?![^>]*\bsrc=)(?![^>]*application/json)", page.content)
    assert inline == []


def test_addresses_behind_a_proxy_are_the_proxys_word(settings: LazySettings) -> None:
    from chatplatform.kernel.http import address_of

    settings.IS_BEHIND_PROXY = False
    assert address_of("192.0.2.1", "203.0.113.9") == "192.0.2.1"
    settings.IS_BEHIND_PROXY = True
    assert address_of("192.0.2.1", "198.51.100.1, 203.0.113.9") == "203.0.113.9"
    assert address_of("2001:db8::1", "") == address_of("2001:db8::2", "")
    assert address_of("::ffff:192.0.2.1", "") == "192.0.2.1"
    assert address_of("", "nonsense") == "unknown"
