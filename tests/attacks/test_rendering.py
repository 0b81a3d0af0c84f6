"""Attacks A1 to A14 as far as the server and the source decide them; tests/browser/test_attacks.py tries them in a browser.

What is not built cannot be attacked: these tests fail on the day when somebody builds it, and ask for its own cases.
"""

import json
import re
from typing import Any

import pytest

from tests.attacks.conftest import MODEL, Cast, World, over
from tests.server import ROOT

SOURCES = {
    file: file.read_text()
    for folder in (ROOT / "frontend/src", ROOT / "frontend/public")
    for file in folder.rglob("*")
    if file.suffix in {".ts", ".tsx", ".js", ".html"} and ".test." not in file.name and "testing" not in file.parts
} | {ROOT / "frontend/index.html": (ROOT / "frontend/index.html").read_text()}
PACKAGES = set(json.loads((ROOT / "frontend/package.json").read_text())["dependencies"])


def uses(pattern: str) -> list[str]:
    """Where the page's own source does this."""
    found = re.compile(pattern)
    return [file.relative_to(ROOT).as_posix() for file, text in SOURCES.items() if found.search(text)]


def test_the_source_was_found() -> None:
    assert len(SOURCES) > 100
    assert uses("createRoot")


@pytest.mark.attack(2)
def test_a_source_or_citation_is_opened_by_a_script() -> None:
    """Nothing is opened by a script; a link is an <a> whose address `safe.ts` has judged."""
    assert uses(r"window\.open|location\.(assign|replace)\(|location\.href\s*=|\.click\(\)\s*//\s*open") == []
    assert "citation" not in json.dumps(sorted(PACKAGES))


@pytest.mark.attack(4, 5)
def test_formulas_and_diagrams_are_drawn_by_a_library_with_its_own_holes() -> None:
    """`$…$` and ```mermaid are text and code here: there is no renderer of theirs to be led astray."""
    assert not [
        name for name in PACKAGES if re.search(r"katex|mathjax|mermaid|d3|vega|plantuml|graphviz|dompurify", name)
    ]


@pytest.mark.attack(6)
def test_the_page_has_a_bridge_that_a_message_could_call() -> None:
    """No messages between windows, no desktop bridge. (schedule.ts posts to a port of its own making.)"""
    assert uses(r"window\.opener|ipcRenderer|__TAURI__|electron|webkit\.messageHandlers") == []
    assert uses(r"addEventListener\([\"']message") == []
    assert uses(r"postMessage") == ["frontend/src/lib/schedule.ts"]


@pytest.mark.attack(7)
async def test_a_picture_with_a_script_is_uploaded_or_named_as_an_avatar(world: World, cast: Cast) -> None:
    """People are letters; no field takes an address of a picture and no operation takes a file."""
    bob = cast.signed_in("bob")
    for field in ("avatar", "picture", "image", "icon", "photo_url"):
        for body in (
            {field: "data:image/svg+xml,<svg onload=alert(1)>"},
            {"preferences": {field: "https://evil/x.svg"}},
        ):
            assert (await bob.request("PATCH", "/me", body)).status_code in {400, 422}
    for path in ("/media/x.svg", "/uploads/x.svg", "/avatars/x.svg"):
        answer = await bob.http.get(path)
        assert answer.headers["Content-Type"].startswith("text/html")  # the page itself
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.attack(8)
def test_text_becomes_markup_anywhere_in_the_source() -> None:
    """Every way from text to HTML, script or frame that a browser has: none of them is taken."""
    sinks = (
        r"dangerouslySetInnerHTML|\.(inner|outer)HTML\s*[+]?=|insertAdjacentHTML|document\.write|createContextualFragment"
        r"|DOMParser|srcdoc|srcDoc|<iframe|<object[\s>/]|<embed[\s>/]|\beval\(|new Function\(|setHTMLUnsafe|importScripts|allow-scripts"
    )
    assert uses(sinks) == []


@pytest.mark.attack(10)
async def test_names_and_titles_carry_markup_and_hidden_signs(world: World, cast: Cast) -> None:
    """They are kept as one line of what can be seen, and every answer that holds them is JSON, never markup."""
    guest = await cast.newcomer("member")
    evil = "<img src=x onerror=alert(1)>\n\u202eecilA\u200b\x1b[31m"
    told = await guest.call("PATCH", "/me", {"name": evil})
    made = await guest.call("POST", f"/projects/{world.project}/threads", {"title": evil, "line_up": []})
    for text in (told["name"], made["thread"]["title"]):
        assert not re.search(r"[\x00-\x1f\u200b\u202a-\u202e\u2066-\u2069]", text)
        assert text.startswith("<img")  # the words themselves are nobody's to judge
    answer = await guest.request("GET", f"/projects/{world.project}/members")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.attack(11, 13)
async def test_the_policy_lets_a_page_load_or_run_what_is_not_ours(world: World, cast: Cast) -> None:
    """Were a sink overlooked, the browser would still ask nobody else and run nothing inline."""
    answer = await cast.nobody().http.get("/")
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert {policy["script-src"], policy["style-src"], policy["connect-src"], policy["font-src"]} == {"'self'"}
    assert policy["img-src"] == "'self' data:"
    assert "worker-src" not in policy and "child-src" not in policy and "frame-src" not in policy
    assert not re.search("unsafe|wasm|blob:|https?:|\\*", answer.headers["Content-Security-Policy"])


@pytest.mark.attack(13)
def test_code_of_a_message_is_run() -> None:
    assert uses(r"new (Shared)?Worker\(|pyodide|WebAssembly|serviceWorker") == []


@pytest.mark.attack(14)
async def test_hidden_signs_and_control_codes_reach_the_log_or_a_models_name(world: World, cast: Cast) -> None:
    """One line of the log stays one line, and nothing in it steers a terminal."""
    nobody, alice = cast.nobody(), await cast.online("alice")
    await nobody.http.get("/")
    evil = "\r\n2026-01-01 CRITICAL forged \x1b[2J\u202e"
    await nobody.request("POST", "/_allauth/browser/v1/auth/login", {"email": f"x{evil}@example.org", "password": evil})
    await nobody.http.get("/api/v1/nothing/%0d%0aforged%1b[2J", headers={"User-Agent": "x\x1b[2Jforged"})
    world.provider.refuse(500, json.dumps({"error": {"message": evil}}).encode())
    thread, _ = await world.new_thread(alice)
    await alice.join(thread)
    await alice.send(thread, evil, mode="ask", models=[f"openai:evil{evil}"])
    await over(alice, thread, await alice.send(thread, evil, mode="ask", models=[MODEL]))
    for line in world.server.log_text().splitlines():
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", line), line
        assert not line.startswith("2026-01-01 CRITICAL")
        assert "/api/v1/nothing" not in line  # who leads nowhere writes no log
    models: list[Any] = await alice.call("GET", f"/projects/{world.project}/models")
    assert not re.search(r"\\u00(0|1)|\\u202", json.dumps(models))
