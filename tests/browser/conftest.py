"""A real Chromium before the deployed console. Every page must end without an error on its console."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, expect, sync_playwright

from tools.embedded import EmbeddedStack

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=en-GB",
)  # fmt: skip
REFUSED = "Failed to load resource:"
"""How the browser itself notes an answer of 4xx; the page has dealt with it, which tests look at."""
WAIT_MS = 30_000
NOTE_CLICKS = """
addEventListener("pointerdown", () => noteClick(), true);
addEventListener("change", (event) => event.target.tagName === "SELECT" && noteClick(), true);
"""
ARRIVE_MS = 90_000
"""The first visit meets functions that have yet to start, on a machine that may be busy."""
expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here need the browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many clicks each job of a billing department took."""
    for report in terminalreporter.getreports(""):  # of tearing down: clicks are told then
        for clicks in (value for name, value in report.user_properties if name == "clicks"):
            terminalreporter.write_line(f"{clicks:3} clicks: {report.nodeid.rpartition('::test_')[2].replace('_', ' ')}")


@dataclass
class Visit:
    """A page under test, the service's address, and what the browser noticed."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    clicks: int = 0

    def open(self, where: str = "") -> Page:
        """Go to `#/where` by address, and wait until its heading stands."""
        self.page.goto(f"{self.url}/console#/{where}")
        self.page.get_by_role("heading", level=1).wait_for(timeout=ARRIVE_MS)
        return self.page

    def note_request(self, request: Request) -> None:
        """Remember what was sent."""
        self.sent.append(request)

    def note_click(self) -> None:
        """One more thing that a person pointed at or chose."""
        self.clicks += 1

    def posts(self, path: str) -> list[Request]:
        """The POST requests that were sent to a path, whatever became of them."""
        return [request for request in self.sent if request.method == "POST" and request.url.endswith(path)]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.exit("The browser tests need Chromium, and it is not there. On Debian: apt-get install chromium", returncode=3)
    running = playwright.chromium.launch(executable_path=found, args=list(QUIET))
    yield running
    running.close()


@pytest.fixture
def visiting(browser: Browser, stack: EmbeddedStack, api: httpx.Client) -> Iterator[Callable[..., Visit]]:
    """Opens visits, each with nothing remembered: `visiting(width=360, theme="dark")`."""
    visits: list[Visit] = []

    def visit(width: int = 1280, theme: str = "light") -> Visit:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme, locale="en-GB")  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        context.set_default_navigation_timeout(ARRIVE_MS)
        one = Visit(context.new_page(), stack.base_url)
        one.page.on("console", lambda message: note(one, message))
        one.page.on("pageerror", lambda error: one.errors.append(str(error)))
        one.page.on("request", one.note_request)
        one.page.expose_function("noteClick", one.note_click)
        one.page.add_init_script(NOTE_CLICKS)
        visits.append(one)
        return one

    yield visit
    for one in visits:
        one.page.context.close()
    assert [error for one in visits for error in one.errors] == []


def note(visit: Visit, message: ConsoleMessage) -> None:
    """Keep what the browser complains of, such as a script that the policy refused."""
    if message.type in ("error", "warning") and not message.text.startswith(REFUSED):
        visit.errors.append(message.text)


@pytest.fixture
def visit(visiting: Callable[..., Visit]) -> Visit:
    return visiting()


@pytest.fixture
def job(visiting: Callable[..., Visit], record_property: Callable[[str, object], None]) -> Iterator[Visit]:
    """A visit that does one job of a billing department, whose clicks are counted and told at the end."""
    visit = visiting()
    yield visit
    record_property("clicks", visit.clicks)


def shown_day(iso: str) -> str:
    """A day as pages write it."""
    one = date.fromisoformat(iso)
    return f"{one.day} {one:%b %Y}"
