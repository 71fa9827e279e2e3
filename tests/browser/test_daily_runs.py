"""The daily runs, on a stack of their own: how far the evaluation is belongs to the whole service."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.support import Json, a_customer, a_package, an_assignment, charges, day, evaluate, finished, unique
from tests.browser.conftest import Visit
from tests.conftest import client_of
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    with EmbeddedStack(env={"MAX_LINES_PER_CUSTOMER": "5"}) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


def test_daily_runs_their_chart_and_a_run_of_all_customers(visit: Visit, stack: EmbeddedStack, api: httpx.Client) -> None:
    page = visit.open("runs")
    expect(page.get_by_text("No runs yet")).to_be_visible()
    customers = [a_customer(api, unique("one")), a_customer(api, unique("held"), debit_limit="1"), a_customer(api, currency="EUR")]
    for customer, currency in zip(customers, ("USD", "USD", "EUR"), strict=True):
        package: Json = a_package(api, name="Line", retail="12.50", cost="7.25", frequency="daily", currency=currency)
        an_assignment(api, customer, package, start_date=day(1), auto_decrement_credit=customer == customers[1])
    for n in (1, 2, 3):
        evaluate(stack, api, day(n))

    page = visit.open("runs")
    page.reload()
    runs = page.get_by_role("table", name="Runs")
    expect(runs.get_by_role("row")).to_have_count(1 + 3)
    expect(runs.get_by_role("row").nth(1)).to_contain_text("12.50 USD")
    expect(page.get_by_role("img", name=re.compile("^Retail, cost and margin by day in USD"))).to_be_visible()
    page.get_by_role("button", name="Show as table").click()
    expect(page.get_by_role("table", name="By day, USD").get_by_role("row").nth(1)).to_contain_text("5.25")
    page.get_by_label("Currency").select_option("EUR")
    expect(runs.get_by_role("row").nth(1)).to_contain_text("12.50 EUR")
    runs.get_by_role("link").first.click()
    expect(page.get_by_role("table", name="Totals by currency")).to_contain_text("EUR")
    expect(page.get_by_role("table", name="Lines").get_by_text("Held", exact=True)).to_be_visible()

    page.get_by_role("link", name="Run Package", exact=True).click()
    page.get_by_role("radio", name="All customers").check()
    page.get_by_label("Date", exact=True).fill(day(4))
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("table", name=re.compile("^By customer, (EUR|USD)")).get_by_role("row")).to_have_count(2 + 3)
    page.get_by_role("button", name="Run it live…").click()
    page.get_by_role("dialog").get_by_role("button", name="Charge now").click()
    heading = page.get_by_role("heading", name=re.compile("^Run Package of"))
    expect(heading).to_be_visible()
    finished(api, page.url.rpartition("/")[2])
    expect(page.get_by_role("button", name="Reverse this run…")).to_be_visible()


def test_a_parked_customer_is_found_and_unparked(visit: Visit, stack: EmbeddedStack, api: httpx.Client) -> None:
    customer = a_customer(api, unique("many"), name="Very Many Ltd")
    package = a_package(api, name="Line", retail="1", frequency="daily")
    for _ in range(6):
        an_assignment(api, customer, package, start_date=day(6))
    evaluate(stack, api, day(6))
    page = visit.open("runs")
    page.get_by_role("table", name="Runs").get_by_role("link").first.click()
    expect(page.get_by_role("table", name="Failures")).to_contain_text(customer)
    page.get_by_role("link", name="Held charges", exact=True).click()
    parked = page.get_by_text("Very Many Ltd is parked: nothing is posted")
    expect(parked).to_be_visible()
    page.get_by_role("button", name="Unpark").click()
    expect(parked).not_to_be_visible()
    evaluate(stack, api, day(7))
    assert len(charges(api, customer)) == 6 + 6
