"""A real browser on the real server: Chromium driven by Playwright, one person per context.

Every page fails its test on a console error, a failed policy or a request to another origin.
Without a browser nothing here runs, and `make test` says so; with CI set that is a failure.
"""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from tests.server import ROOT, Server

CHROMIUM = os.environ.get("CHROMIUM") or next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
PASSWORD = "a calm harbour at dawn"  # noqa: S105  an account that lives as long as the test
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(180))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("No browser. Install one: apt-get install chromium")
        pytest.skip("no browser; apt-get install chromium brings one")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    assert (ROOT / "frontend/dist/index.html").exists(), "The page is not built. Run: make build"
    server = Server(tmp_path_factory.mktemp("browser")).start()
    yield server
    server.stop()


class Person:
    """Somebody in a browser of their own. `complaints` is what the page should not have said."""

    def __init__(self, context: BrowserContext, server: Server, name: str) -> None:
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
        # A refused socket while the server is down is what a reconnecting page is for.
        if message.type == "error" and "WebSocket connection" not in message.text and "ERR_" not in message.text:
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
    def composer(self):  # type: ignore[no-untyped-def]
        return self.page.get_by_role("form", name="New message").get_by_role("textbox")

    @property
    def room(self):  # type: ignore[no-untyped-def]
        return self.page.get_by_role("log", name="Conversation")
