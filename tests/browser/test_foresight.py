"""Forecasts and audits, as a person asks for them and reads them; on a stack of their own, for they are of all customers."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.support import a_customer, a_package, an_assignment, charges, day, evaluate, ok, pay, unique_did
from tests.browser.conftest import Visit
from tests.browser.test_accessibility import SHOTS, findings, settle
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

PHONE, TRUNK = "Hosted phone", "SIP trunk, ten channels"


class World(NamedTuple):
    """Days 0 and 1 are evaluated."""

    prepaid: str
    invoiced: str
    euro: str
    phone: str


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    with EmbeddedStack() as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


@pytest.fixture(scope="module")
def world(stack: EmbeddedStack, api: httpx.Client) -> World:
    phone = a_package(api, name=PHONE, retail="12.50", cost="7.25", frequency="daily")
    trunk = a_package(api, name=TRUNK, retail="90", cost="95", frequency="monthly")
    number = a_package(api, name="Rufnummer", retail="3", cost="1", frequency="daily", currency="EUR")
    prepaid = a_customer(api, "brightline-dental", name="Brightline Dental", debit_limit="0")
    pay(api, prepaid, "100")
    invoiced = a_customer(api, "harbour-point", name="Harbour Point Legal")
    euro = a_customer(api, "gasthof", name="Gasthof zur Post", currency="EUR")
    an_assignment(api, prepaid, phone, quantity=2, auto_decrement_credit=True)
    an_assignment(api, invoiced, phone)
    an_assignment(api, invoiced, trunk)
    an_assignment(api, euro, number)
    for n in (0, 1):
        evaluate(stack, api, day(n))
    return World(prepaid, invoiced, euro, phone["package_id"])


def show(page: Page, name: str) -> list[Any]:
    """Screenshots of a page, wide and narrow, and what axe finds."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    found = []
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        page.screenshot(path=SHOTS / f"{name}-{width}.png", full_page=True)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"{name} scrolls sideways at {width}")
        found += findings(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    return found


def stat(page: Page, label: str) -> Any:
    return page.locator("dl.stats > div").filter(has_text=label).get_by_role("definition").first


def test_a_customer_is_forecast_with_what_would_be_paid_at_another_price(visit: Visit, world: World) -> None:
    page = visit.open("forecast")
    page.get_by_role("radio", name="One customer").check()
    page.get_by_label("Customer", exact=True).fill(world.prepaid)
    page.get_by_label("From").fill(day(2))
    page.get_by_label("Through").fill(day(11))
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_text("Runs short on")).to_be_visible()
    expect(page.get_by_text("A payment of 200.00 USD")).to_be_visible()
    expect(stat(page, "Retail")).to_have_text("50.00 USD")
    expect(stat(page, "Held")).to_have_text("200.00 USD")
    expect(page.get_by_role("img", name=re.compile("^Retail, cost and margin by day in USD"))).to_be_visible()
    expect(page.get_by_role("table", name="Lines").get_by_role("row")).to_have_count(1 + 10)
    assert show(page, "forecast-customer") == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.path().read_text().count("recurring") == 10

    page.get_by_role("button", name="Try a price").click()
    change = page.get_by_role("group", name="Price, change 1")
    change.get_by_label("Package").fill(PHONE)
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(change.get_by_text("Has no price")).to_be_visible()
    change.get_by_label("Retail").first.fill("4")
    page.get_by_role("button", name="Forecast", exact=True).click()
    compared = page.get_by_role("table", name="Before and after, USD", exact=True)
    expect(compared.get_by_role("row", name="Retail")).to_contain_text("−2.00")
    expect(page.get_by_text("Nothing is written", exact=True)).to_be_visible()
    expect(page.get_by_role("table", name="Before and after by package")).to_contain_text("6 lines below cost")
    assert show(page, "forecast-what-if") == []


def test_all_customers_are_forecast_in_the_background_and_who_runs_short_is_listed(visiting: Callable[..., Visit], world: World) -> None:
    page = visiting(1280, "dark").open("forecast")
    page.get_by_label("From").fill(day(2))
    page.get_by_label("Through").fill(day(40))
    page.get_by_role("button", name="Try a discount").click()
    change = page.get_by_role("group", name="Discount, change 1")
    change.get_by_label("Discount").fill("50")
    change.get_by_label("Package").fill(PHONE)
    change.get_by_label("Customer").fill(world.invoiced)
    change.get_by_label("From").fill(day(5))
    assert show(page, "forecast-form") == []
    page.get_by_role("button", name="Forecast", exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^Forecast, "))).to_be_visible()
    totals = page.get_by_role("table", name="Totals by currency")
    expect(totals.get_by_role("row")).to_have_count(1 + 2)
    short = page.get_by_role("table", name="Who runs short")
    expect(short.get_by_role("row")).to_have_count(1 + 1)
    expect(short).to_contain_text("Brightline Dental")
    expect(page.get_by_text("Discount 50 % on")).to_contain_text(PHONE)
    page.get_by_label("Currency", exact=True).select_option("USD")
    customers = page.get_by_role("table", name="By customer, USD")
    expect(customers.get_by_role("row")).to_have_count(1 + 2)
    assert show(page, "forecast-all") == []
    page.get_by_role("link", name="Fall below cost (1)").click()
    expect(customers.get_by_role("row")).to_have_count(1 + 1)
    expect(customers).to_contain_text("Harbour Point Legal")
    page.get_by_label("Currency", exact=True).select_option("EUR")
    expect(page.get_by_role("table", name="By customer, EUR")).to_contain_text("Gasthof zur Post")


def test_what_an_audit_found_leads_to_what_helps(visit: Visit, stack: EmbeddedStack, api: httpx.Client, world: World) -> None:
    page = visit.open("audits")
    page.get_by_label("Due from").fill(day())
    page.get_by_label("Through").fill(day(1))
    page.get_by_role("button", name="Audit", exact=True).click()
    certificate = page.get_by_role("region", name="Certificate")
    expect(certificate.get_by_text("0 missing")).to_be_visible()
    expect(page.get_by_text("Clean", exact=True)).to_be_visible()
    assert show(page, "audit-clean") == []

    lost, given = charges(api, world.invoiced)[0], charges(api, world.prepaid)[0]
    ok(api.post(f"/customers/{world.prepaid}/ledger/{given['entry_id']}/credit", json={"reason": "goodwill", "retail": "1"}), 201)
    customer, key = lost["entry_id"].split("~", 1)
    stack.client("dynamodb").delete_item(TableName=stack.table_name("ledger"), Key={"pk": {"S": customer}, "sk": {"S": key}})
    page = visit.open("audits")
    page.get_by_label("Due from").fill("")
    page.get_by_label("Through").fill("")
    page.get_by_role("button", name="Audit", exact=True).click()
    missing = page.get_by_role("region", name="Missing (1)")
    expect(missing.get_by_role("table", name="Missing")).to_contain_text(world.invoiced)
    expect(page.get_by_role("region", name="Credited (1)")).to_contain_text("Somebody credited it")
    assert show(page, "audit-found") == []
    missing.get_by_role("link", name="Run this day…").click()
    expect(page.get_by_role("radio", name="Leave alone")).to_be_checked()
    expect(page.get_by_role("table", name="What is charged")).to_contain_text("Would be charged")


def test_a_carriers_list_is_compared_with_what_is_billed(visit: Visit, api: httpx.Client, world: World) -> None:
    """One number is listed and billed to nobody, one is billed and not listed."""
    rented, spare = unique_did(), unique_did()
    an_assignment(api, world.invoiced, ok(api.get(f"/packages/{world.phone}")), did=rented)
    page = visit.open("reconciliations")
    listed = f"did;cost;currency\r\n+{spare};1.50;USD\r\n"
    page.get_by_label("The carrier's list").set_input_files({"name": "carrier.csv", "mimeType": "text/csv", "buffer": listed.encode()})
    found = show(page, "reconciliations")
    page.get_by_role("button", name="Compare").click()
    unbilled = page.get_by_role("table", name="Paid for, billed to nobody")
    expect(unbilled.get_by_role("row")).to_have_count(1 + 1)
    expect(unbilled).to_contain_text("1.50 USD")
    expect(page.get_by_role("table", name="Billed, not listed by the carrier")).to_contain_text(rented)
    found += show(page, "reconciliation")
    unbilled.get_by_role("link", name="Open the number").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(spare)
    assert found == []
