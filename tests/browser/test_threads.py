"""Branches, models that speak in turn, and the line that breaks, in a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response, expect

from tests.browser.conftest import Person, script
from tests.server import NO_SERVERS, ROOT, Server

AXE = (ROOT / "frontend/node_modules/axe-core/axe.min.js").read_text
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_branch_goes_its_own_way(alice: Person) -> None:
    alice.new_thread(script(20, 80, 21))
    alice.ask("Left or right?")
    answer = alice.room.locator("[data-phase]").last
    expect(answer).to_have_attribute("data-phase", "done")
    answer.hover()
    alice.room.get_by_role("button", name="Branch from here").last.click()
    alice.page.get_by_role("dialog").get_by_role("textbox").fill("the left one")
    alice.page.get_by_role("dialog").get_by_role("button", name="Branch").click()
    expect(alice.page.get_by_role("button", name="the left one")).to_be_visible()
    alice.ask("Then left.")
    expect(alice.room.get_by_text("Then left.")).to_be_visible()
    alice.page.get_by_role("button", name="the left one").click()
    alice.page.get_by_role("menuitem", name="main").or_(alice.page.get_by_role("menuitemradio", name="main")).click()
    expect(alice.room.get_by_text("Left or right?")).to_be_visible()
    expect(alice.room.get_by_text("Then left.")).to_have_count(0)


def test_models_speak_in_turn_and_the_thread_says_why_it_ended(alice: Person, bob: Person) -> None:
    thread_id = alice.new_thread(script(25, 60, 22), script(25, 60, 23))
    bob.open_thread(thread_id)
    alice.page.get_by_role("radiogroup", name="Mode").get_by_text("Debate").click()
    alice.ask("Is a window seat worth more?")
    for person in (alice, bob):
        expect(person.room.get_by_text("Ended after round 2, as Alice asked.")).to_be_visible(timeout=30_000)
    assert alice.room.locator("[data-phase=done]").count() == 4


def test_somebody_stops_the_debate(alice: Person, bob: Person) -> None:
    thread_id = alice.new_thread(script(900, 40, 24), script(900, 40, 25))
    bob.open_thread(thread_id)
    alice.page.get_by_role("radiogroup", name="Mode").get_by_text("Debate").click()
    alice.ask("Is an aisle seat worth more?")
    expect(bob.room.locator("[data-phase=writing]")).to_be_visible()
    bob.page.get_by_role("button", name="Stop", exact=True).click()
    for person in (alice, bob):
        expect(person.room.get_by_text("Stopped by Bob in round 1; what was said stays.")).to_be_visible()


def test_what_one_says_never_leaves_the_page_and_is_not_new_to_oneself(alice: Person) -> None:
    alice.new_thread(script(200, 40, 29), script(200, 40, 30))
    alice.page.get_by_role("radiogroup", name="Mode").get_by_text("Debate").click()
    alice.page.evaluate("""() => {
      window.seen = []
      const look = () => {
        const log = document.querySelector("[role=log]")
        window.seen.push(log?.textContent.includes("aisle seat") ?? false)
        if (!log?.querySelector("[data-phase=writing]")) requestAnimationFrame(() => setTimeout(look)) // after its frame
      }
      look()
    }""")
    alice.ask("Is an aisle seat worth more?")
    expect(alice.room.locator("[data-phase=done]")).to_have_count(4)
    seen = alice.page.evaluate("window.seen")
    assert all(seen[seen.index(True) :])
    expect(alice.room.locator(".time-line.is-new")).to_have_count(0)


def test_who_is_named_while_away_finds_it_until_it_is_read(alice: Person, bob: Person) -> None:
    elsewhere = f"{bob.server.url}/p/{bob.project_id}/t/{bob.new_thread()}"
    thread_id = alice.new_thread()
    alice.api("PATCH", f"/threads/{thread_id}", {"title": "Who takes the rope?"})
    alice.page.get_by_role("radiogroup", name="Mode").get_by_text("Talk").click()
    alice.ask("Good morning.")
    row = bob.page.get_by_role("link", name="Who takes the rope?")
    with bob.page.expect_response(is_read):
        row.click()
    bob.page.goto("about:blank")  # none of his tabs is open
    alice.ask("@Bob, will you?")
    expect(alice.room.locator(".say")).to_have_count(2)

    bob.page.goto(elsewhere)
    expect(row).to_have_accessible_name("Who takes the rope? 1 mention of you")
    # A short thread, opened at what is unread: there is nothing to scroll, and yet it is read.
    with bob.page.expect_response(is_read):
        row.click()
    bob.page.goto(elsewhere)
    expect(row).to_have_accessible_name("Who takes the rope?")


def is_read(answer: Response) -> bool:
    return answer.url.endswith("/read") and answer.ok


def test_words_are_kept_when_the_server_is_killed(browser: Browser, tmp_path: Path) -> None:
    server = Server(tmp_path, **NO_SERVERS).start()
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        alice = Person(context, server, "Alice").sign_up()
        alice.composer.wait_for()
        alice.new_thread(script(900, 30, 26))
        alice.ask("What is kept?")
        expect(alice.room.locator("[data-phase=writing]")).to_be_visible()
        alice.page.wait_for_timeout(2_500)
        server.kill()
        expect(alice.page.get_by_text("Reconnecting.")).to_be_visible()
        alice.composer.fill("Written while it was away.")
        alice.composer.press("Enter")
        server.start()
        expect(alice.page.get_by_text("Reconnecting.")).to_have_count(0, timeout=40_000)
        expect(alice.room.get_by_text("What is kept?")).to_have_count(1)
        expect(alice.room.get_by_text("Written while it was away.")).to_have_count(1)
        expect(alice.room.locator("[data-phase=broken]").first).to_be_visible()
        assert len(alice.words(alice.room.locator("[data-phase=broken] .md").first)) > 100
    finally:
        context.close()
        server.stop()


def test_phone_shows_one_lane_and_the_way_to_the_next(alice: Person) -> None:
    thread_id = alice.new_thread(script(60, 60, 27), script(60, 60, 28))
    alice.ask("Does it fit?")
    expect(alice.lane("B")).to_have_attribute("data-phase", "done")
    alice.page.set_viewport_size({"width": 390, "height": 844})
    alice.open_thread(thread_id)
    overflow = alice.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow <= 0
    expect(alice.room.get_by_role("tab").first).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_have_no_serious_findings(alice: Person, theme: str) -> None:
    alice.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of two words
    alice.new_thread(script(40, 80, 29), script(40, 80, 30))
    alice.ask("Can everybody read this?")
    expect(alice.lane("B")).to_have_attribute("data-phase", "done")
    assert findings(alice) == []
    for path in ("/settings/account", f"/p/{alice.project_id}/settings/models"):
        alice.page.goto(alice.server.url + path)
        alice.page.get_by_role("heading").first.wait_for()
        assert findings(alice) == []


def findings(person: Person) -> list[str]:
    """What axe calls serious or critical on the page as it is."""
    person.page.wait_for_timeout(300)
    person.page.evaluate(AXE())
    results = person.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {v['nodes'][0]['target']} {v['nodes'][0].get('failureSummary', '')}"
        for v in results["violations"]
        if v["impact"] in ("serious", "critical")
    ]
