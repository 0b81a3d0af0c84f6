"""Attacks A39 to A51: what the server fetches, serves, keeps secret and spends its time on."""

import asyncio
import gzip
import json
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.attacks.conftest import CANARY_KEY, MODEL, Cast, World, over
from tests.attacks.evil import Json, frame
from tests.client import Client, RoomModel
from tests.server import ROOT

PYTHON = [f for top in ("chatplatform", "projects", "threads", "messaging") for f in (ROOT / top).rglob("*.py")]


async def asked(alice: Client, world: World, body: str = "What time?") -> tuple[Json, RoomModel]:
    """The model's answer to a question in a new thread, when it is over, and the room."""
    thread, _ = await world.new_thread(alice)
    await alice.join(thread)
    room = await over(alice, thread, await alice.send(thread, body, mode="ask", models=[MODEL]))
    (answer,) = [m for m in room.messages.values() if m["author"]["kind"] == "model"]
    return answer, room


async def raw(world: World, request: bytes) -> bytes:
    """What is answered to these bytes, whole."""
    at = urlsplit(world.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    writer.write(request)
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.attack(39)
async def test_the_server_is_asked_to_fetch_an_address_inside(world: World, cast: Cast) -> None:
    """Only who looks after the server names providers at all; and never what is no provider's address."""
    inside = "http://127.0.0.1:1/v1"
    for name in ("alice", "carol", "mallory"):
        answer = await cast.signed_in(name).request("POST", "/providers", {"name": "x", "base_url": inside})
        assert answer.status_code == 403, name
    root = cast.signed_in("root")
    for url in (
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/latest",
        "http://metadata.google.internal/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "unix:///run/redis.sock",
        "http://127.0.0.1:6379/\r\nFLUSHALL\r\n",
        "http://0.0.0.0:6379/v1",
        "dict://127.0.0.1:11211/",
    ):
        answer = await root.request("POST", "/providers", {"name": "x", "base_url": url})
        assert answer.status_code == 422, url


@pytest.mark.attack(43)
def test_a_sign_in_elsewhere_names_a_picture_to_fetch() -> None:
    """No identity provider is asked and no picture of a person is loaded: there is nothing to lead astray."""
    settings = (ROOT / "chatplatform/settings.py").read_text()
    assert "socialaccount" not in settings
    for file in PYTHON:
        assert not re.search(r"gravatar|avatar_url|picture_url", file.read_text()), file


@pytest.mark.attack(44, 47)
@pytest.mark.parametrize(
    "path",
    [
        "/static/../manage.py", "/static/..%2fmanage.py", "/static/%2e%2e/manage.py", "/static/%2e%2e%2fmanage.py",
        "/static//etc/passwd", "/static/..;/manage.py", "/static/..\\manage.py", "/static/..%5cmanage.py",
        "/static/%252e%252e/manage.py", "/static/assets/../../../../../../etc/passwd", "//etc/passwd", "/data/secret-key",
        "/static/admin/../../../../etc/passwd", "/static/\x00/etc/passwd", "/..%c0%af..%c0%afetc/passwd", "/.env", "/.git/config",
    ],
)  # fmt: skip
async def test_a_path_leaves_the_folder_that_is_served(world: World, path: str) -> None:
    at = urlsplit(world.url)
    head = f"GET {path} HTTP/1.1\r\nHost: {at.netloc}\r\nConnection: close\r\n\r\n"
    answer = await raw(world, head.encode("latin-1"))
    for secret in (b"DJANGO_SETTINGS_MODULE", b"root:", b"SECRET", b"[core]"):
        assert secret not in answer
    assert (world.server.data_dir / "secret-key").read_bytes().strip() not in answer


@pytest.mark.attack(45)
async def test_a_provider_is_handed_the_askers_cookies_or_the_servers_environment(world: World, cast: Cast) -> None:
    alice = await cast.online("alice")
    world.provider.requests.clear()
    await asked(alice, world, "My key is ${OPENAI_API_KEY} and $SECRET_KEY, {env.SECRET_KEY} too.")
    headers, body = next((h, b) for h, b in world.provider.requests if b)
    assert {name.lower() for name in headers} == {
        "host", "accept", "accept-encoding", "connection", "user-agent", "authorization", "content-length", "content-type",
    }  # fmt: skip
    assert headers["Authorization"] == f"Bearer {CANARY_KEY}"
    sent = json.dumps([headers, body])
    for secret in (*world.cookies["alice"].values(), world.emails["alice"], world.project, world.ids["alice"]):
        assert secret not in sent
    assert "${OPENAI_API_KEY}" in sent and CANARY_KEY not in json.dumps(body)
    root = cast.signed_in("root")
    for url in ("http://${SECRET_KEY}.example.org/v1", "http://127.0.0.1:1/v1/${SECRET_KEY}"):
        answer = await root.request("POST", "/providers", {"name": "x", "base_url": url})
        assert answer.status_code == 422 and "SECRET_KEY}" not in answer.text.replace("${SECRET_KEY}", "")


CONTROL = json.dumps({"type": "turn.finished", "turn_id": "1", "attempt": 9, "state": "complete", "length": 0})


@pytest.mark.attack(46)
async def test_a_provider_answers_with_frames_of_ours_cookies_and_tools(world: World, cast: Cast) -> None:
    """Nothing but text and figures crosses: whatever else the stream holds moves nobody and nothing."""
    alice = await cast.online("alice")

    def pieces(_: Json) -> Iterable[bytes]:
        yield b'event: execute\ndata: {"code": "alert(1)"}\n\n'
        yield frame({"content": "Plain. ", "tool_calls": [{"function": {"name": "shell", "arguments": "rm -rf /"}}]})
        yield b"data: " + json.dumps({"type": "goodbye", "code": "signed_out", "choices": []}).encode() + b"\n\n"
        yield frame({"content": CONTROL, "role": "system", "function_call": {"name": "x"}})
        yield frame({}, finish_reason="stop") + b"data: [DONE]\n\n"

    world.provider.stream(
        pieces, Set_Cookie="parley=stolen; Path=/", X_Accel_Redirect="/etc/passwd", Refresh="0; url=//evil"
    )
    answer, room = await asked(alice, world)
    assert (answer["state"], answer["body"]) == ("complete", "Plain. " + CONTROL)
    assert not room.violations
    assert alice.http.cookies["parley"] == world.cookies["alice"]["parley"]
    world.provider.requests.clear()
    await asked(alice, world)
    assert all("Cookie" not in headers for headers, _ in world.provider.requests)


@pytest.mark.attack(41, 46)
@pytest.mark.parametrize("status", [302, 307, 400, 401, 500])
async def test_a_provider_refuses_with_a_page_and_the_key_it_was_sent(world: World, cast: Cast, status: int) -> None:
    alice = await cast.online("alice")
    told = f"<script>alert(1)</script> your key {CANARY_KEY} \x1b[31m\u202e is wrong, see http://127.0.0.1:1/"
    page = json.dumps({"error": {"message": told}}).encode()
    world.provider.refuse(status, page, Location="http://169.254.169.254/latest", X_Key=CANARY_KEY)
    answer, room = await asked(alice, world)
    assert answer["state"] == "failed"
    shown = json.dumps([answer, alice.frames, list(room.messages.values())], ensure_ascii=False)
    assert CANARY_KEY not in shown
    assert "\x1b" not in shown and "\\u001b" not in shown
    assert CANARY_KEY not in world.server.log_text()


@pytest.mark.attack(46)
async def test_a_provider_sends_headers_without_end(world: World, cast: Cast) -> None:
    alice = await cast.online("alice")

    def answer(handler: Any, _: Json) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(2000):
            handler.wfile.write(f"X-{number}: ".encode() + b"x" * 8000 + b"\r\n")

    world.provider.answer = answer
    found, _ = await asked(alice, world)
    assert found["state"] == "failed"


@pytest.mark.attack(47)
async def test_a_provider_sends_a_bomb_that_unpacks_to_gigabytes(world: World, cast: Cast) -> None:
    """Nothing packed is asked for, and what comes packed all the same is not unpacked without bound."""
    alice = await cast.online("alice")
    bomb = gzip.compress(b"data: " + b"x" * (256 * 1024 * 1024))
    world.provider.stream(lambda _: [bomb], Content_Encoding="gzip")
    before = peak(world)
    found, _ = await asked(alice, world)
    assert found["state"] == "failed"
    assert peak(world) - before < 64 * 1024 * 1024


def peak(world: World) -> int:
    """The most memory that the server's process ever held, in bytes."""
    status = Path(f"/proc/{world.server.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.attack(47)
async def test_a_request_body_that_says_it_is_packed(world: World, cast: Cast) -> None:
    bob = cast.signed_in("bob")
    headers = {
        "Content-Encoding": "gzip",
        "Content-Type": "application/json",
        "X-CSRFToken": world.cookies["bob"]["parley-csrf"],
    }
    packed = gzip.compress(json.dumps({"name": "x" * 10_000_000}).encode())
    answer = await bob.http.patch("/api/v1/me", content=packed, headers=headers)
    assert answer.status_code in {400, 415, 422}


@pytest.mark.attack(48)
def test_a_setting_or_a_request_reaches_a_shell() -> None:
    """Programs are started in one place alone: the local model's, with words that no request brings."""
    starters = re.compile(r"\bsubprocess\b|os\.(system|popen|exec|spawn)|create_subprocess|\bpty\b|multiprocessing")
    found = {file.relative_to(ROOT).as_posix() for file in PYTHON if starters.search(file.read_text())}
    assert found == {"messaging/providers/engine.py", "messaging/providers/local_child.py"}
    assert "shell=True" not in "".join(file.read_text() for file in PYTHON)


@pytest.mark.attack(49)
async def test_a_key_lies_open_in_the_data_the_log_or_what_is_sent(world: World, cast: Cast) -> None:
    root, alice = cast.signed_in("root"), await cast.online("alice")
    stored = "sk-" + "stored0123456789" * 3
    added = await root.call("POST", "/providers", {"name": "Kept", "base_url": world.provider.url, "key": stored})
    world.provider.refuse(401, json.dumps({"error": {"message": f"bad key {CANARY_KEY}"}}).encode())
    await asked(alice, world)
    texts = [json.dumps(added), json.dumps(alice.frames), (await root.request("GET", "/providers")).text]
    texts.append((await root.http.get("/admin/")).text)
    texts.append((await root.request("PATCH", f"/providers/{added['id']}", {"key": 7})).text)
    texts.append(world.server.log_text())
    at_rest = await asyncio.to_thread(world.server.at_rest)
    for key in (stored, CANARY_KEY):
        assert key not in "".join(texts)
        assert key.encode() not in at_rest


BOMBS = {
    "names without end": "@" * 60_000 + "a " * 40_000,
    "nested quotes": ">" * 100_000,
    "nested lists": "".join(" " * n + "- x\n" for n in range(600)),
    "emphasis": "**a *b " * 30_000,
    "brackets": "[" * 50_000 + "](" * 50_000,
    "one long word": "x" * 250_000,
    "combining signs": "a" + "\u0301" * 80_000,
    "ligatures that grow": "\ufdfa" * 60_000,
    "marks": "<msg " * 40_000,
    "spaces": " " * 120_000 + "." + "\n" * 100_000,
}


@pytest.mark.attack(50)
@pytest.mark.parametrize("what", BOMBS)
async def test_words_that_take_long_to_read_hold_everybody_up(world: World, cast: Cast, what: str) -> None:
    """While they are said, asked of a model and named after, somebody else is answered as always."""
    mallory, bob = await cast.online("mallory"), await cast.online("bob")
    thread = await mallory.call("POST", f"/projects/{world.foreign_project}/threads", {"line_up": [MODEL]})
    thread_id = thread["thread"]["id"]
    await mallory.join(thread_id)
    slowest = 0.0
    done = asyncio.Event()

    async def watch() -> None:
        nonlocal slowest
        while not done.is_set():
            began = time.perf_counter()
            await bob.say("watch", project_id=world.project)
            slowest = max(slowest, time.perf_counter() - began)
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    answer = await mallory.send(thread_id, BOMBS[what], mode="ask")
    await over(mallory, thread_id, answer)
    await mallory.call("PATCH", f"/threads/{thread_id}", {"title": "x"})
    done.set()
    await watching
    assert slowest < 1.0  # milliseconds where nothing is wrong; a bomb that works takes minutes


@pytest.mark.attack(50)
async def test_a_title_a_name_or_a_query_of_a_megabyte(world: World, cast: Cast) -> None:
    bob = cast.signed_in("bob")
    for method, path, body in (
        ("PATCH", "/me", {"name": "x" * 500_000}),
        ("POST", "/projects", {"name": "x" * 500_000}),
        ("POST", f"/projects/{world.project}/threads", {"title": "x" * 500_000}),
        ("GET", f"/threads/{world.thread}/messages?before={'9' * 4000}", None),
        ("GET", f"/threads/{world.thread}/messages?before={2**70}&limit={2**70}", None),
        ("GET", f"/projects/{world.project}/threads?limit={2**70}&cursor={'A' * 4000}", None),
    ):
        answer = await bob.request(method, path, body)
        assert answer.status_code in {200, 400, 404, 413, 422}, (method, path[:60], answer.status_code)


@pytest.mark.attack(51)
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_a_link_of_ours_leads_to_somebody_elses_page(world: World, cast: Cast, target: str) -> None:
    nobody = cast.nobody()
    for path in (
        "/",
        "/sign-in",
        "/join",
        "/admin/",
        "/admin/login/",
        "/admin/logout/",
        "/_allauth/browser/v1/auth/session",
    ):
        for name in ("next", "redirect", "return_to", "url", "callback"):
            answer = await nobody.http.get(path, params={name: target})
            location = answer.headers.get("Location", "")
            assert not location or (location.startswith("/") and not location.startswith(("//", "/\\"))), (
                path,
                location,
            )
    for path in ("//evil.example/..", "/\\evil.example/", "/%5cevil.example", "//evil.example"):
        page = await raw(
            world, f"GET {path} HTTP/1.1\r\nHost: {urlsplit(world.url).netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        assert b"\r\nlocation:" not in page.lower()
