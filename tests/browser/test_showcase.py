"""What `make serve DEMO=1` has, and its screenshots for the README.

They are kept in .local/screenshots as readme-*.png, and copied to docs/screenshots by hand.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from demo.evenings import LARGE_CUSTOMER
from demo.past import provider_of, shifted
from demo.serve import live_through
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import SHOTS, findings, settle
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

TODAY = datetime.now(UTC).date()
STORY = provider_of(TODAY).story
CUSTOMER = "harbour-point-legal"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack() as running:
        live_through(running, tmp_path_factory.mktemp("past") / "past.log")
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


def shoot(page: Page, name: str) -> None:
    settle(page)
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"readme-{name}.png")


def items(api: httpx.Client, path: str, **query: str) -> list[dict[str, Any]]:
    """The first page of a list."""
    found: list[dict[str, Any]] = api.get(path, params={"limit": "200", **query}).raise_for_status().json()["items"]
    return found


def test_each_day_was_evaluated_on_its_own_date(api: httpx.Client) -> None:
    """All but those of the outage, which the next day made up for."""
    runs = [one for one in items(api, "/runs") if one["kind"] == "daily"]
    days = [STORY.first_day + timedelta(days=n) for n in range((TODAY - STORY.first_day).days + 1)]
    missed = [day for day in days if STORY.outage_first_day <= day <= STORY.outage_last_day]
    assert {one["date"]: one["created_at"][:10] for one in runs} == {f"{day}": f"{day}" for day in days if day not in missed}
    charged = items(api, "/customers/copperfield-couriers/ledger", **{"from": f"{missed[0]}", "to": f"{missed[-1]}"})
    assert {(one["date"], one["posted_at"][:10]) for one in charged} == {(f"{day}", f"{missed[-1] + timedelta(days=1)}") for day in missed}


def test_there_is_something_to_do(api: httpx.Client) -> None:
    """Charges are held, a customer is parked, and an overview says who runs short."""
    assert {one["customer_id"] for one in items(api, "/held")} == {STORY.payment.customer}
    assert [one["customer_id"] for one in items(api, "/customers", parked="true")] == [LARGE_CUSTOMER]
    sums = {one["currency"]: one for one in api.get("/overview").raise_for_status().json()["by_currency"]}
    assert sums.keys() == {"EUR", "GBP", "INR", "USD"}
    assert (sums["USD"]["short"] > 0, sums["GBP"]["parked"], sums["INR"]["ending"]) == (True, 1, 1)


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2027, 5, 31), date(2028, 2, 29), date(2026, 12, 15)])
def test_the_story_can_be_played_on_any_day(today: date) -> None:
    story = provider_of(today).story
    assert (story.first_day.day, story.last_day.replace(day=1)) == (1, today.replace(day=1))


def test_days_that_a_month_lacks_become_its_last() -> None:
    assert shifted("2031-03-31, 12031-03-31 and 2028-02-29", 1) == "2031-02-28, 12031-03-31 and 2028-01-29"


def test_the_first_page_says_what_needs_somebody(visit: Visit) -> None:
    page = visit.open()
    needs = page.get_by_role("list").filter(has=page.get_by_role("link", name="Held charges"))
    expect(needs.get_by_role("link", name="1 Parked customer", exact=True)).to_be_visible()
    expect(needs.get_by_role("link", name="1 Failure of the last run")).to_be_visible()
    expect(page.get_by_role("table", name="The last daily run")).to_contain_text("USD")  # other currencies on other days
    expect(page.get_by_role("img", name="Retail, cost and margin by day")).to_be_visible()
    expect(page.get_by_role("table", name="What ends first").get_by_role("link", name="Deccan Motors")).to_be_visible()
    expect(page.get_by_role("table", name="Price changes announced")).to_contain_text("→")
    needs.get_by_role("link", name="short within 31 days").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
    expect(page.get_by_label("Sorted by")).to_have_value("short_on")
    page.get_by_role("link", name="Home").first.click()
    needs.get_by_role("link", name="Held charges").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Held charges")


def test_who_pays_most_is_found_by_sorting(visit: Visit) -> None:
    """From the first page two clicks: what a month is worth, then another currency."""
    page = visit.open()
    page.locator("dl.stats > div").filter(has_text="A month is worth").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")  # the page before has a currency, too
    page.get_by_label("Currency").select_option("GBP")
    table = page.get_by_role("table", name="Customers by value")
    cells = table.locator("td[data-label='Value a month']")
    expect(cells.first).to_contain_text("GBP")
    worth = [Decimal(text.replace("GBP", "").replace(",", "")) for text in cells.all_inner_texts()]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] > 300
    page.get_by_label("Order").select_option("asc")
    expect(cells.first).to_have_text(f"{worth[-1]} GBP")


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1600, "light")])
def test_pages_of_the_overview_are_accessible_and_fit(visiting: Callable[..., Visit], width: int, theme: str) -> None:
    visit = visiting(width, theme)
    SHOTS.mkdir(parents=True, exist_ok=True)
    found = {}
    for name in ("home", "customers", "ending", "announced"):
        page = visit.open(f"{name}?sort=value")
        settle(page)
        sideways = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        found[name] = findings(page), sideways
        page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)
    assert found == dict.fromkeys(found, ([], False))


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

    page = light.open(f"run?customer={CUSTOMER}&date={(TODAY.replace(day=1) + timedelta(days=32)).replace(day=1)}")
    expect(page.get_by_role("region", name="What would be charged")).to_be_visible()
    page.get_by_role("button", name="Run it live…").scroll_into_view_if_needed()
    page.evaluate("scrollTo(0, 480)")
    shoot(page, "run-package")

    page = dark.open(f"customers/{CUSTOMER}/ledger?from={TODAY - timedelta(days=30)}")
    page.get_by_role("table", name="Ledger").get_by_role("button").first.click()
    shoot(page, "ledger")
    page = dark.open("runs")
    expect(page.get_by_role("img", name="Retail, cost and margin by day")).to_be_visible()
    shoot(page, "runs")
    page = small.open(f"customers/{CUSTOMER}")
    expect(page.get_by_role("table", name="Assignments")).to_be_visible()
    shoot(page, "customer")
