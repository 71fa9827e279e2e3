"""The page of what was told lately, which only `make serve` has."""

import re
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.support import a_customer, ok, pay
from tests.browser.conftest import Visit
from tests.conftest import client_of
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    told = {"NOTICE_DAYS": "7 1", "BALANCE_NOTICES": "USD:20/50;5 EUR:100"}
    with EmbeddedStack(env={"EVENTS_FILE": str(tmp_path_factory.mktemp("told") / "events.jsonl"), **told}) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


def test_a_low_balance_is_told_and_shown_in_the_history(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, name="Low Ltd", balance_notices=[{"below": "10"}])
    pay(api, customer, "12.34")
    pay(api, customer, "-5")
    page = visit.open(f"customers/{customer}/history")
    row = page.get_by_role("table", name="History").get_by_role("row").filter(has_text="Balance low")
    expect(row).to_contain_text("7.34 USD left to be debited, less than 10.00 USD")
    page.goto(page.url.replace("/history", "/edit"))
    page.get_by_label("Low balance below").fill("30/20")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Low balance below")).to_have_accessible_description(re.compile("must not be less than", re.IGNORECASE))
    page.get_by_label("Low balance below").fill("30/40; -5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Low Ltd", exact=True)).to_be_visible()  # not of the form: it is saved
    stored = ok(api.get(f"/customers/{customer}"))["balance_notices"]
    assert stored == [{"below": "30.00", "restored_at": "40.00"}, {"below": "-5.00", "restored_at": "-5.00"}]


def test_what_was_told_is_shown_and_leads_to_the_customer(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, name="Acme Ltd")
    pay(api, customer, "12.34")
    page = visit.open("packages")
    page.get_by_role("link", name="Activity").click()
    row = page.get_by_role("row").filter(has_text="payment.recorded").filter(has_text=customer)
    while not row.count():
        page.get_by_role("button", name="Look again").click()
        page.wait_for_timeout(300)
    expect(row).to_contain_text("12.34")
    expect(row).to_contain_text("Payment recorded")
    row.get_by_text("The event", exact=True).click()
    expect(row).to_contain_text(f'"customer_id": "{customer}"')
    expect(page.get_by_text("7, 1 days before; a package may have days of its own")).to_be_visible()
    expect(page.get_by_text("below 20.00 USD, again after 50.00 USD; below 5.00 USD")).to_be_visible()
    page.get_by_label("Type").select_option("customer.parked")
    expect(page.get_by_text("Nothing was told yet")).to_be_visible()
    page.get_by_label("Type").select_option("payment.recorded")
    row.get_by_role("link", name="Acme Ltd").click()
    expect(page.get_by_role("heading", name="Acme Ltd")).to_be_visible()
