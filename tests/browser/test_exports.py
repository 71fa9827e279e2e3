"""Exports, as a person asks for them and gets them."""

import csv
import io

import httpx
from playwright.sync_api import expect

from tests.api.support import a_customer, day, ok, pay
from tests.browser.conftest import Visit
from tools.embedded import EmbeddedStack


def test_an_export_is_asked_for_followed_and_downloaded(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api)
    pay(api, customer, "40")
    page = visit.open("exports")
    page.get_by_label("Posted from").fill(day())
    page.get_by_label("Through").fill(day())
    page.get_by_role("button", name="Export", exact=True).click()
    card = page.get_by_role("region", name="Ledger").first
    expect(card.get_by_text("Finished")).to_be_visible()
    with page.expect_download() as download:
        card.get_by_role("button", name=f"Download ledger-{day()}-{day()}-1.csv").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(), newline="")))
    assert [row["credit_change"] for row in rows if row["customer_id"] == customer] == ["40.00"]
    expect(card.get_by_text("was not over yet")).to_be_visible()


def test_days_are_asked_for_where_something_is_posted_and_faults_stand_at_them(visit: Visit) -> None:
    page = visit.open("exports")
    page.get_by_label("Through").fill(day(-40))
    page.get_by_label("Posted from").fill(day())
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_text("lies before posted from")).to_be_visible()
    page.get_by_label("What").select_option("customers")
    expect(page.get_by_label("Posted from")).to_have_count(0)
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_role("region", name="Customers").first).to_be_visible()


def test_what_waits_can_be_cancelled(visit: Visit, api: httpx.Client, stack: EmbeddedStack) -> None:
    stack.set_consumers(enabled=False)
    try:
        asked = ok(api.post("/exports", json={"what": "packages"}), 202)
        page = visit.open("exports")
        card = page.get_by_role("region", name="Packages").first
        card.get_by_role("button", name="Cancel Packages").click()
        expect(card.get_by_text("Cancelled")).to_be_visible()
        assert ok(api.get(f"/work/{asked['work_id']}"))["status"] == "cancelled"
    finally:
        stack.set_consumers(enabled=True)
