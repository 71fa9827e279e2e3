"""A real Chromium before the deployed console. Every page must end without an error on its console."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, Request, expect, sync_playwright

from tests.browser.hands import Hand, Pointing, Typing
from tools.embedded import EmbeddedStack

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--lang=en-GB",
)  # fmt: skip
REFUSED = "Failed to load resource:"
"""How the browser itself notes an answer of 4xx; the page has dealt with it, which tests look at."""
WAIT_MS = 30_000
NOTE_DEEDS = """
addEventListener("pointerdown", () => note("clicks"), true);
addEventListener("keydown", (event) => ["Shift", "Control"].includes(event.key) || note("keystrokes"), true);
addEventListener("change", (event) => event.target.tagName === "SELECT" && note("choices"), true);
"""
UNITS = (Pointing.unit, Typing.unit)
ARRIVE_MS = 90_000
"""The first visit meets functions that have yet to start, on a machine that may be busy."""
expect.set_options(timeout=WAIT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here need the browser."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many clicks or keystrokes each job of a billing department took."""
    for report in terminalreporter.getreports(""):  # of tearing down: they are told then
        for unit, count in (one for one in report.user_properties if one[0] in UNITS):
            terminalreporter.write_line(f"{count:3} {unit}: {report.nodeid.rpartition('::test_')[2].replace('_', ' ')}")


@dataclass
class Visit:
    """A page under test, the service's address, and what the browser noticed."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    sent: list[Request] = field(default_factory=list)
    deeds: Counter[str] = field(default_factory=Counter)
    hand: Hand = field(default_factory=Pointing)

    def open(self, where: str = "") -> Page:
        """Go to `#/where` by address, and wait until its heading stands."""
        self.page.goto(f"{self.url}/console#/{where}")
        self.page.get_by_role("heading", level=1).wait_for(timeout=ARRIVE_MS)
        return self.page

    def note_request(self, request: Request) -> None:
        """Remember what was sent."""
        self.sent.append(request)

    def note_deed(self, unit: str) -> None:
        """One more thing that a person pointed at, chose, or typed."""
        self.deeds[unit] += 1

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
        one.page.expose_function("note", one.note_deed)
        one.page.add_init_script(NOTE_DEEDS)
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


@pytest.fixture(params=[Pointing, Typing], ids=["mouse", "keyboard"])
def job(visiting: Callable[..., Visit], record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A visit that does one job of a billing department, by mouse and by keyboard alone; what that takes is told at the end."""
    visit = visiting()
    visit.hand = request.param()
    yield visit
    if visit.hand.unit == "clicks":
        record_property("clicks", visit.deeds["clicks"] + visit.deeds["choices"])
    else:
        record_property("keystrokes", visit.deeds["keystrokes"])
        assert visit.deeds["clicks"] == 0


def shown_day(iso: str) -> str:
    """A day as pages write it."""
    one = date.fromisoformat(iso)
    return f"{one.day} {one:%b %Y}"
