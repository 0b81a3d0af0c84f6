"""A real browser on the real server: Chromium driven by Playwright, one person per context.

Every page fails its test on a console error, a failed policy or a request to another origin.
Without a browser `make test` leaves this folder out and says so.
"""

import itertools
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect, sync_playwright

from tests.attacks import target
from tests.attacks.target import Target
from tests.server import ROOT, Server

CHROMIUM = os.environ.get("CHROMIUM") or next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
PASSWORD = "a calm harbour at dawn"  # an account that lives as long as the test
_numbers = itertools.count(1)
expect.set_options(timeout=45_000)  # a busy machine is no failure


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """These come last: Playwright keeps a loop running, beside which no other test can run its own."""
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.browser)
        item.add_marker(pytest.mark.timeout(180))
    items[:] = [item for item in items if here not in item.path.parents] + ours


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("There is no Chromium here; `apt-get install chromium` brings one. Without: --ignore=tests/browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")  # twenty sign-ups in an hour are all that one address may have
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    assert (ROOT / "frontend/dist/index.html").exists(), "The page is not built. Run: make build"
    server = target.start(tmp_path_factory.mktemp("browser"), {"PARLEY_SIGN_UP_RATE": "1000/minute"})
    yield server
    server.stop()


class Person:
    """Somebody in a browser of their own. `complaints` is what the page should not have said."""

    def __init__(self, context: BrowserContext, server: Server | Target, name: str) -> None:
        self.name = name
        self.email = f"{name.lower()}{next(_numbers)}@example.org"
        self.server = server
        self.context = context
        self.complaints: list[str] = []
        self.page = self.open_page()

    def open_page(self) -> Page:
        page = self.context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", self._asked)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.server.url, "data:", "blob:", self.server.ws_url)):
            self.complaints.append(f"another origin: {request.url}")

    def sign_up(self, path: str = "/") -> "Person":
        self.page.goto(self.server.url + path)
        return self.fill_sign_up()

    def fill_sign_up(self) -> "Person":
        self.page.get_by_label("Your name").fill(self.name)
        self.page.get_by_label("Email").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Create account").click()
        return self

    def ask(self, words: str) -> None:
        """Write into the open thread's composer and send."""
        self.composer.fill(words)
        self.composer.press("Enter")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("form", name="New message").get_by_role("textbox")

    @property
    def room(self) -> Locator:
        return self.page.get_by_role("log", name="Conversation")

    # -- what the page does not need a hand for: calls of its own API, from inside it ----------------

    def api(self, method: str, path: str, body: object = None) -> Any:
        """One call of the HTTP API with this person's session."""
        answer = self.page.evaluate(
            """async ([method, path, body]) => {
                const token = document.cookie.match(/(?:^|; )parley-csrf=([^;]*)/)?.[1] ?? ""
                const headers = {"Content-Type": "application/json", "X-CSRFToken": token}
                const answer = await fetch("/api/v1" + path, {
                    method, headers, ...(body === null ? {} : {body: JSON.stringify(body)})})
                const text = await answer.text()
                return [answer.status, text ? JSON.parse(text) : null]
            }""",
            [method, path, body],
        )
        assert answer[0] < 400, f"{method} {path}: {answer}"
        return answer[1]

    @property
    def thread_id(self) -> str:
        """Of the thread that is open, by its address."""
        found = re.search(r"/t/([0-9a-f-]{36})", self.page.url)
        assert found, self.page.url
        return found.group(1)

    @property
    def project_id(self) -> str:
        project_id: str = self.api("GET", "/projects")[0]["id"]
        return project_id

    def line_up(self, *models: str) -> None:
        self.api("PUT", f"/threads/{self.thread_id}/line-up", {"models": list(models)})

    def new_thread(self, *models: str) -> str:
        """A thread of the first project with this line-up, opened."""
        detail = self.api("POST", f"/projects/{self.project_id}/threads", {"line_up": list(models)})
        self.open_thread(detail["thread"]["id"])
        return self.thread_id

    def open_thread(self, thread_id: str) -> None:
        self.page.goto(f"{self.server.url}/p/{self.project_id}/t/{thread_id}")
        self.composer.wait_for()

    def lane(self, letter: str) -> Locator:
        return self.room.get_by_role("article", name=re.compile(f"^Lane {letter}, "))

    def words(self, locator: Locator) -> str:
        return " ".join(locator.inner_text().split())


def script(tokens: int = 60, rate: int = 40, seed: int = 1, fault: str = "") -> str:
    """The id of a scripted model of this length and pace."""
    return f"scripted:script?tokens={tokens}&rate={rate}&seed={seed}" + (f"&fault={fault}" if fault else "")


@pytest.fixture
def people(browser: Browser, server: Target) -> Iterator[Callable[..., Person]]:
    """Makes people, each in a browser of their own; nobody's page may have complained at the end."""
    made: list[Person] = []

    def make(name: str, **context: Any) -> Person:
        context.setdefault("viewport", {"width": 1440, "height": 900})
        person = Person(browser.new_context(**context), server, name)
        made.append(person)
        return person

    yield make
    complaints = {person.name: person.complaints for person in made if person.complaints}
    for person in made:
        person.context.close()
    assert not complaints


@pytest.fixture
def alice(people: Callable[..., Person]) -> Person:
    """Signed up, with a project of her own."""
    alice = people("Alice").sign_up("/sign-up")
    alice.page.wait_for_url(re.compile(r"/(p/.*)?$"))
    if not alice.api("GET", "/projects"):
        alice.api("POST", "/projects", {"name": "Ferryline"})
    return alice


@pytest.fixture
def bob(people: Callable[..., Person], alice: Person) -> Person:
    """A member of Alice's first project, who came by her invitation."""
    invite = alice.api(
        "POST", f"/projects/{alice.project_id}/invites", {"role": "member", "note": "", "days": 1, "max_uses": 1}
    )
    bob = people("Bob")
    bob.page.goto(invite["link"])
    bob.fill_sign_up()
    bob.page.wait_for_url("**/p/**")
    return bob
