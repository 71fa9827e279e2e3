"""The screenshots of the README, of the demo's provider: kept in .local/screenshots as readme-*.png, copied to docs/screenshots by hand."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, timedelta

import httpx
import pytest
from playwright.sync_api import Page, expect

from demo.loading import load_provider
from demo.provider import load
from demo.service import Service
from tests.api.support import evaluate
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import SHOTS, settle
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

FIRST, LAST = date(2031, 1, 1), date(2031, 1, 31)
CUSTOMER = "harbour-point-legal"


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    with EmbeddedStack() as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    """A client of a service that has the demo's provider, evaluated for a month."""
    with client_of(stack) as client:
        with closing(Service(base_url=stack.base_url, invoke=stack.invoke)) as service:
            load_provider(service, load(), lambda: None)
        for n in range((LAST - FIRST).days + 1):
            evaluate(stack, client, (FIRST + timedelta(days=n)).isoformat())
        yield client


def shoot(page: Page, name: str) -> None:
    settle(page)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"readme-{name}.png")


def test_the_pages_of_the_readme(visiting: Callable[..., Visit], api: httpx.Client) -> None:
    light, dark, small = visiting(1280, "light"), visiting(1280, "dark"), visiting(360, "dark")
    page = light.open("packages/new")
    page.get_by_label("Name", exact=True).fill("SIP trunk, billed twice a month")
    page.get_by_label("Retail", exact=True).fill("12.75")
    page.get_by_label("Cost", exact=True).fill("6.25")
    for match in ("15", "31"):
        page.get_by_role("checkbox", name=match, exact=True).check(force=True)
    page.get_by_label("If it starts on").fill("2031-02-01")
    expect(page.get_by_text("February has no 31, so the 28th")).to_be_visible()
    page.evaluate("scrollTo(0, 420)")
    shoot(page, "package")

    page = light.open(f"run?customer={CUSTOMER}&date=2031-02-28")
    expect(page.get_by_role("region", name="What would be charged")).to_be_visible()
    page.get_by_role("button", name="Run it live…").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 480)")
    shoot(page, "run-package")

    page = dark.open(f"customers/{CUSTOMER}/ledger?from=2031-01-15")
    page.get_by_role("table", name="Ledger").get_by_role("button").first.click()
    shoot(page, "ledger")
    page = dark.open("runs")
    expect(page.get_by_role("img", name="Retail, cost and margin by day")).to_be_visible()
    shoot(page, "runs")
    page = small.open(f"customers/{CUSTOMER}")
    expect(page.get_by_role("table", name="Assignments")).to_be_visible()
    shoot(page, "customer")
