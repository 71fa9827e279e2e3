"""The page of what was told lately, which only `make serve` has."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.support import a_customer, pay
from tests.browser.conftest import Visit
from tests.conftest import client_of
from tools.embedded import EmbeddedStack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStack]:
    with EmbeddedStack(env={"EVENTS_FILE": str(tmp_path_factory.mktemp("told") / "events.jsonl")}) as running:
        yield running


@pytest.fixture(scope="module")
def api(stack: EmbeddedStack) -> Iterator[httpx.Client]:
    with client_of(stack) as client:
        yield client


def test_what_was_told_is_shown_and_leads_to_the_customer(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, name="Acme Ltd")
    pay(api, customer, "12.34")
    page = visit.open("packages")
    page.get_by_role("link", name="Activity").click()
    row = page.get_by_role("row").filter(has_text="payment.recorded")
    while not row.count():
        page.get_by_role("button", name="Look again").click()
        page.wait_for_timeout(300)
    expect(row).to_contain_text("12.34")
    row.get_by_text("Event", exact=True).click()
    expect(row).to_contain_text(f'"customer_id": "{customer}"')
    page.get_by_label("Type").select_option("customer.parked")
    expect(page.get_by_text("Nothing was told yet")).to_be_visible()
    page.get_by_label("Type").select_option("payment.recorded")
    page.get_by_role("link", name=customer).click()
    expect(page.get_by_role("heading", name="Acme Ltd")).to_be_visible()
