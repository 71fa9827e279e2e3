"""Jobs of a billing department with numbers and prices, done as a person would."""

import re

import httpx
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, day, ok, unique, unique_did
from tests.browser.conftest import Visit


def test_transfer_a_did(job: Visit, api: httpx.Client) -> None:
    """A customer calls: a number goes to their sister company from a day on. It is found as people write it."""
    old, new, did = a_customer(api), a_customer(api, name="Sister Ltd"), unique_did()
    package = a_package(api, name=unique("Number"), retail="2.50", cost="0.40", frequency="monthly", frequency_match=[1])
    an_assignment(api, old, package, did=did, start_date=day(-2))
    page = job.open()
    page.get_by_role("link", name="Numbers", exact=True).click()
    page.get_by_label("Number begins with").fill(f"+{did[:3]} {did[3:6]}-{did[6:]}")
    row = page.get_by_role("table", name="Numbers").get_by_role("row").filter(has_text=did)
    expect(row).to_contain_text("2.50")
    row.get_by_role("link", name=f"Transfer {did}…").click()
    page.get_by_label("New customer").fill(new)
    page.get_by_label("From", exact=True).fill(day(10))
    page.get_by_role("button", name="Show what is charged").click()
    page.get_by_role("button", name=f"Transfer it to {new}").click()
    expect(page.get_by_role("heading", name=f"DID {did}", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Today")).to_contain_text(re.compile(f"{old}.*{new}", re.DOTALL))
    (listed,) = ok(api.get("/dids", params={"search": did}))["items"]
    assert (listed["customer_id"], listed["until"], listed["next_customer_id"], listed["next_from"]) == (old, day(9), new, day(10))
