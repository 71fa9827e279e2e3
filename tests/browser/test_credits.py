"""Crediting a charge, in part and as a whole, as a person does it."""

import re

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.support import a_customer, a_package, an_assignment, balance, day, ledger, ok, pay, run, unique
from tests.browser.conftest import Visit


@pytest.fixture
def customer(api: httpx.Client) -> str:
    """A customer with one debited charge of 29.95, cost 10."""
    customer = a_customer(api)
    package = a_package(api, name=unique("Trunk"), retail="29.95", cost="10", frequency="monthly")
    an_assignment(api, customer, package, start_date=day(), auto_decrement_credit=True)
    run(api, customer, day(), live=True)
    return customer


def open_credit(page: Page) -> Locator:
    page.get_by_role("table", name="Ledger").get_by_role("button", name=re.compile("^Trunk")).first.click()
    page.get_by_role("button", name="Credit…").click()
    return page.get_by_role("dialog", name="Credit this charge")


def given_credits(api: httpx.Client, customer: str) -> list[tuple[str, str, str, bool]]:
    found = [entry for entry in ledger(api, customer) if entry["kind"] == "credit"]
    return [(one["retail"], one["cost"], one["reason"], one["recharge"]) for one in sorted(found, key=lambda one: one["posted_at"])]


def test_a_part_is_credited_and_then_the_rest(visit: Visit, api: httpx.Client, customer: str) -> None:
    page = visit.open(f"customers/{customer}/ledger")
    dialog = open_credit(page)
    dialog.get_by_role("radio", name="A part of it").check()
    expect(dialog.get_by_label("Amount")).to_have_accessible_description("At most 29.95.")
    dialog.get_by_label("Amount").fill("30")
    dialog.get_by_role("button", name="Credit", exact=True).click()
    expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Reason").fill("Two days without service")
    dialog.get_by_role("button", name="Credit", exact=True).click()
    expect(dialog.get_by_label("Amount")).to_have_attribute("aria-invalid", "true")
    assert given_credits(api, customer) == []
    dialog.get_by_label("Amount").fill("10")
    dialog.get_by_role("button", name="Credit", exact=True).dblclick()
    expect(dialog).not_to_be_visible()
    table = page.get_by_role("table", name="Ledger")
    expect(table.get_by_text("Credited in part")).to_be_visible()
    expect(page.get_by_role("definition").filter(has_text="−19.95").first).to_be_visible()
    assert given_credits(api, customer) == [("-10.00", "-3.338898", "Two days without service", False)]

    page.get_by_role("button", name="Credit…").click()
    expect(dialog).to_contain_text("10.00 USD of it is taken back already")
    dialog.get_by_role("radio", name="It can be charged anew").check()
    dialog.get_by_label("Reason").fill("Wrong price")
    dialog.get_by_role("button", name="Credit", exact=True).click()
    expect(table.get_by_text("Voided")).to_be_visible()
    expect(page.get_by_role("button", name="Credit…")).to_have_count(0)
    assert given_credits(api, customer)[1] == ("-19.95", "-6.661102", "Wrong price", True)
    assert balance(api, customer) == 0


def test_a_credit_whose_answer_is_lost_is_given_once(visit: Visit, api: httpx.Client, customer: str) -> None:
    page = visit.open(f"customers/{customer}/ledger")
    dialog = open_credit(page)
    dialog.get_by_label("Reason").fill("Goodwill")
    page.route("**/credit", lambda route: (route.fetch(), route.abort()), times=1)
    dialog.get_by_role("button", name="Credit", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("Trying again is safe")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).not_to_be_visible()
    assert given_credits(api, customer) == [("-29.95", "-10.00", "Goodwill", False)]


def test_what_is_no_posted_charge_can_not_be_credited(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, debit_limit="0")
    held = an_assignment(api, customer, a_package(api, name=unique("Trunk"), retail="50", frequency="monthly"), auto_decrement_credit=True)
    run(api, customer, day(), live=True)
    pay(api, customer, "5")
    page = visit.open(f"customers/{customer}/ledger")
    for row in (held["package"]["name"], "Payment"):
        page.get_by_role("table", name="Ledger").get_by_role("button", name=row, exact=True).click()
    expect(page.get_by_text("Recorded by")).to_have_count(2)
    expect(page.get_by_role("button", name="Credit…")).to_have_count(0)
    assert len(ok(api.get("/held", params={"customer": customer}))["items"]) == 1
