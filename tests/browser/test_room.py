"""What people see of each other and of the models, live, in two browsers."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.attacks import target
from tests.browser.conftest import Person, script

DONE = re.compile("done")
# The colour of an element's words as red, green and blue.
INK = """(element) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d")
    canvas.fillStyle = getComputedStyle(element).color
    canvas.fillRect(0, 0, 1, 1)
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
}"""


def test_first_account_asks_and_is_answered(browser: Browser, tmp_path: Path) -> None:
    server = target.start(tmp_path, {})
    context = browser.new_context()
    try:
        alice = Person(context, server, "Alice").sign_up()
        alice.composer.wait_for()
        alice.ask("Why do people still print their ticket?")
        expect(alice.room.get_by_text("Why do people still print their ticket?")).to_be_visible()
        for letter in "AB":
            expect(alice.lane(letter)).to_have_attribute("data-phase", DONE)
        assert alice.complaints == []
    finally:
        context.close()
        server.stop()


def test_two_people_watch_two_models_write_at_once(alice: Person, bob: Person) -> None:
    thread_id = alice.new_thread(script(600, 40, 1), script(600, 40, 2))
    bob.open_thread(thread_id)
    alice.ask("Who gets the last seat?")
    for person in (alice, bob):
        for letter in "AB":
            expect(person.lane(letter)).to_have_attribute("data-phase", "writing")
    halfway = len(bob.words(bob.lane("A")))
    bob.page.wait_for_timeout(500)
    assert len(bob.words(bob.lane("A"))) > halfway  # the words arrive, they are not delivered at the end
    for person in (alice, bob):
        for letter in "AB":
            expect(person.lane(letter)).to_have_attribute("data-phase", DONE)
    for letter in "AB":
        assert said(alice, letter) == said(bob, letter)
        assert len(said(alice, letter)) > 200
    assert said(alice, "A") != said(alice, "B")


def test_finished_words_stay_selected_while_more_come_and_when_the_answer_ends(alice: Person) -> None:
    alice.new_thread(script(500, 60, 12), script(500, 60, 13))
    alice.ask("What did the harbour master write?")
    first, second = (alice.lane("A").locator(".md-part > *").nth(n) for n in range(2))
    expect(second).to_be_visible()
    selected = first.evaluate(
        "(block) => { window.block = block; getSelection().selectAllChildren(block); return String(getSelection()) }"
    )
    assert selected.strip()
    expect(alice.lane("A")).to_have_attribute("data-phase", "writing")
    expect(alice.lane("A")).to_have_attribute("data-phase", DONE)
    expect(alice.lane("B")).to_have_attribute("data-phase", DONE)
    assert alice.page.evaluate("[window.block.isConnected, String(getSelection())]") == [True, selected]


def test_page_follows_the_end_as_it_grows_and_stays_where_a_reader_scrolled(alice: Person) -> None:
    alice.new_thread(script(1500, 60, 14), script(1500, 60, 15))
    alice.ask("Read me the whole log.")
    until(alice, lambda: place(alice) > 300 and is_at_end(alice))
    until(alice, lambda: place(alice) > 600 and is_at_end(alice))
    alice.room.hover()
    alice.page.mouse.wheel(0, -250)
    newer = alice.page.get_by_role("button", name=re.compile("new line|To the end"))
    expect(newer).to_be_visible()
    places = [-1, place(alice)]
    while places[-1] != places[-2] and len(places) < 20:  # the wheel may still be turning
        until_longer(alice, len(said(alice, "A")) + 100)
        places.append(place(alice))
    assert places[-1] == places[-2] > 0, places
    newer.click()
    expect(newer).to_be_hidden()
    until(alice, lambda: places[-1] < place(alice) and is_at_end(alice))


def test_reload_in_mid_stream_misses_nothing_and_repeats_nothing(alice: Person, bob: Person) -> None:
    thread_id = alice.new_thread(script(600, 30, 3))
    bob.open_thread(thread_id)
    alice.ask("Tell me about the quay.")
    expect(alice.room.locator('[data-phase="writing"]')).to_be_visible()
    alice.page.wait_for_timeout(1_000)
    alice.page.reload()
    expect(alice.room.locator('[data-phase="writing"]')).to_be_visible()
    for person in (alice, bob):
        expect(person.room.locator("[data-phase]").last).to_have_attribute("data-phase", DONE)
    assert alice.words(alice.room.locator("[data-phase] .md").last) == bob.words(
        bob.room.locator("[data-phase] .md").last
    )


def test_lost_network_is_said_at_once_and_nothing_goes_on_without_it(alice: Person) -> None:
    alice.new_thread(script(400, 20, 5), script(400, 20, 6))
    alice.ask("What does the tide say?")
    expect(alice.lane("A")).to_have_attribute("data-phase", "writing")
    alice.context.set_offline(True)
    expect(alice.page.get_by_text("Offline.")).to_be_visible()
    clock = alice.room.locator(".join-row").inner_text()
    alice.page.wait_for_timeout(1500)
    assert alice.room.locator(".join-row").inner_text() == clock
    alice.context.set_offline(False)
    expect(alice.page.get_by_text("Back. Nothing was missed.")).to_be_visible()
    for letter in "AB":
        expect(alice.lane(letter)).to_have_attribute("data-phase", DONE)
    alice.complaints[:] = [said for said in alice.complaints if "ERR_INTERNET_DISCONNECTED" not in said]


def test_paper_has_what_is_out_of_sight_in_ink_on_white(alice: Person) -> None:
    alice.page.emulate_media(color_scheme="dark")
    thread_id = alice.new_thread(script())
    for number in range(1, 41):
        alice.api("POST", f"/threads/{thread_id}/messages", {"body": f"Sailing {number} left on time.", "mode": "talk"})
    last = "Sailing 40 left on time."
    expect(alice.room.get_by_text(last)).to_be_visible()
    expect(alice.room.get_by_text("Sailing 1 left on time.")).to_be_hidden()
    alice.page.emulate_media(media="print")
    alice.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = alice.page.locator(".printed")
    for words in ("Sailing 1 left on time.", last):
        expect(paper.get_by_text(words)).to_be_visible()
    expect(alice.composer).to_be_hidden()
    red, green, blue = paper.get_by_text(last).evaluate(INK)
    assert max(red, green, blue) < 64
    alice.page.emulate_media(media="screen")
    alice.page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(paper).to_have_count(0)
    expect(alice.room.get_by_text(last)).to_be_visible()


def test_late_comer_sees_the_words_so_far_and_goes_on(alice: Person, bob: Person) -> None:
    thread_id = alice.new_thread(script(600, 30, 4), script(600, 30, 5))
    alice.ask("What does the harbour smell of?")
    expect(alice.lane("A")).to_have_attribute("data-phase", "writing")
    alice.page.wait_for_timeout(1_500)
    bob.open_thread(thread_id)
    expect(bob.lane("A")).to_have_attribute("data-phase", "writing")
    for person in (alice, bob):
        for letter in "AB":
            expect(person.lane(letter)).to_have_attribute("data-phase", DONE)
    assert [said(alice, letter) for letter in "AB"] == [said(bob, letter) for letter in "AB"]


def test_failing_model_says_so_and_does_not_hold_up_the_others(alice: Person) -> None:
    alice.new_thread(script(60, 40, 6), script(60, 40, 7, fault="500"))
    alice.ask("Anybody there?")
    expect(alice.lane("A")).to_have_attribute("data-phase", DONE)
    expect(alice.lane("B")).to_have_attribute("data-phase", "failed", timeout=45_000)
    expect(alice.lane("B").get_by_role("button", name="Ask another model")).to_be_visible()


def test_one_answer_is_stopped_and_the_other_goes_on(alice: Person) -> None:
    alice.new_thread(script(900, 40, 8), script(80, 40, 9))
    alice.ask("Count the boats.")
    expect(alice.lane("A")).to_have_attribute("data-phase", "writing")
    alice.page.wait_for_timeout(700)
    alice.lane("A").get_by_role("button", name=re.compile("^Stop")).click()
    expect(alice.lane("A")).to_have_attribute("data-phase", "stopped")
    expect(alice.lane("A")).to_contain_text("stopped by Alice")
    expect(alice.lane("B")).to_have_attribute("data-phase", DONE)


def test_regenerated_answer_keeps_the_old_one_as_a_sibling(alice: Person) -> None:
    alice.new_thread(script(30, 60, 10), script(30, 60, 11))
    alice.ask("Name a knot.")
    expect(alice.lane("A")).to_have_attribute("data-phase", DONE)
    alice.lane("A").get_by_role("button", name="Regenerate").click()
    expect(alice.lane("A")).to_contain_text("2/2")
    expect(alice.lane("A")).to_have_attribute("data-phase", DONE)
    alice.lane("A").get_by_role("button", name="Previous answer").click()
    expect(alice.lane("A")).to_contain_text("1/2")


def until(person: Person, is_so: Callable[[], bool]) -> None:
    """The page's own way of waiting would compile its words in the page, which the page forbids."""
    for _ in range(150):
        if is_so():
            return
        person.page.wait_for_timeout(100)
    raise AssertionError("it never came to that")


def until_longer(person: Person, length: int) -> None:
    until(person, lambda: len(said(person, "A")) > length)


def place(person: Person) -> float:
    """How far the room is scrolled, in CSS pixels."""
    return float(person.room.evaluate("(log) => log.scrollTop"))


def is_at_end(person: Person) -> bool:
    return bool(person.room.evaluate("(log) => log.scrollHeight - log.clientHeight - log.scrollTop < 6"))


def said(person: Person, letter: str) -> str:
    return person.words(person.lane(letter).locator(".md").last)
