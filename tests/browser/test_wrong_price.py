"""A wrong price put right in the console: seen, reversed, corrected, and everybody charged once, at the right price."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.support import Json, a_customer, a_package, an_assignment, balance, charges, day, finished, unique
from tests.browser.conftest import Visit
from tests.conftest import client_of
from tools.embedded import EmbeddedStack

WORK_MS = 120_000
"""Work in the background takes its time where many tests share a processor."""


@pytest.fixture(scope="module")
def stack() -> Iterator[EmbeddedStack]:
    """Of its own: a run of all customers charges everybody whom other tests have."""
    with EmbeddedStack() as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


def simulate_all(page: Page) -> None:
    """See what is due today of all customers, where what is charged is left alone."""
    page.get_by_role("link", name="Run Package", exact=True).click()
    page.get_by_role("radio", name="All customers").check()
    expect(page.get_by_role("radio", name="Leave alone")).to_be_checked()
    page.get_by_label("Date", exact=True).fill(day())
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("table", name="By customer").get_by_role("row")).to_have_count(1 + 3, timeout=WORK_MS)


def run_all(page: Page, api: httpx.Client, retail: str) -> str:
    """Run what is due today of all customers, and leave alone what is charged; its id."""
    simulate_all(page)
    page.get_by_role("button", name="Run it live…").click()
    dialog = page.get_by_role("dialog", name="Run it live?")
    expect(dialog).to_contain_text(f"Retail{retail} USD")
    dialog.get_by_role("button", name="Charge now").click()
    expect(page.get_by_role("heading", name=re.compile("^Run Package of"))).to_be_visible()
    run_id = page.url.rpartition("/")[2]
    finished(api, run_id)
    expect(page.get_by_role("table", name="Lines").get_by_role("row")).to_have_count(1 + 3)
    return run_id


def simulate(page: Page, customer: str) -> None:
    """See what is due today of one customer, where what is charged is left alone."""
    page.get_by_role("link", name="Run Package", exact=True).click()
    page.get_by_role("radio", name="One customer").check()
    page.get_by_label("Customer", exact=True).fill(customer)
    page.get_by_label("Date", exact=True).fill(day())
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("heading", name=re.compile(f"^{customer}, "))).to_be_visible()


def compared(page: Page, table: str) -> list[list[str]]:
    """Retail, what was charged already, and the difference, of each line: its last cells."""
    lines = page.get_by_role("table", name=table).get_by_role("row").all()[1:]
    return [[text.replace("\N{NO-BREAK SPACE}", " ") for text in line.get_by_role("cell").all_inner_texts()[-3:]] for line in lines]


def correct(page: Page, package: Json) -> None:
    """Enter the right price of today, as somebody who has found the wrong one."""
    page.get_by_role("link", name="Packages", exact=True).click()
    expect(page.get_by_role("heading", name="Packages", level=1)).to_be_visible()
    page.get_by_role("link", name=package["name"]).click()
    page.get_by_role("button", name="Change price…").click()
    dialog = page.get_by_role("dialog", name=f"Change the price of {package['name']}")
    dialog.get_by_label("From", exact=True).fill(day())
    dialog.get_by_label(re.compile("^Retail")).fill("12.50")
    dialog.get_by_role("button", name="Show what it changes").click()
    dialog.get_by_role("button", name="Change price").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("table", name="Price lists by first day").get_by_role("row").last).to_contain_text("12.50")


def reverse(page: Page, run_id: str, retail: str) -> None:
    """Take back all that a run charged."""
    page.get_by_role("link", name="Daily runs", exact=True).click()
    page.get_by_role("table", name="Runs").get_by_role("link").first.click()
    page.get_by_role("button", name="Reverse this run…").click()
    dialog = page.get_by_role("dialog", name="Reverse this run?")
    expect(dialog).to_contain_text(f"Retail−{retail} USD")
    dialog.get_by_role("button", name="Reverse", exact=True).click()
    expect(page.get_by_text(re.compile("^Reversed on"))).to_be_visible()
    assert page.url.endswith(run_id)


def test_a_wrong_price_is_put_right_for_everybody(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Trunk"), retail="125", cost="7.25", frequency="monthly")
    customers = [a_customer(api, unique(name)) for name in ("ann", "bob", "cleo")]
    for customer, debits in zip(customers, (True, True, False), strict=True):
        an_assignment(api, customer, package, start_date=day(), auto_decrement_credit=debits)
    page = visit.open()
    wrong = run_all(page, api, "375.00")

    correct(page, package)
    simulate(page, customers[0])
    expect(page.get_by_role("columnheader", name="Charged already")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Difference")).to_be_visible()
    assert compared(page, "What is charged") == [["12.50 USD", "125.00", "−112.50"]]
    expect(page.get_by_role("table", name="What is charged")).to_contain_text("Left alone")
    expect(page.get_by_role("button", name="Run it live…")).to_have_count(0)

    reverse(page, wrong, "375.00")
    assert [balance(api, customer) for customer in customers] == [0, 0, 0]
    run_all(page, api, "37.50")
    for customer in customers:
        assert [(one["retail"], one["voided"]) for one in charges(api, customer)] == [("125.00", True), ("12.50", False)]
    assert [str(balance(api, customer)) for customer in customers] == ["-12.50", "-12.50", "0.00"]

    simulate_all(page)
    expect(page.get_by_role("button", name="Run it live…")).to_have_count(0)
    for customer in customers:
        simulate(page, customer)
        expect(page.get_by_role("table", name="What is charged")).to_contain_text("Left alone")
        assert compared(page, "What is charged") == [["12.50 USD", "12.50", "0.00"]]
    assert [len(charges(api, customer)) for customer in customers] == [2, 2, 2]
