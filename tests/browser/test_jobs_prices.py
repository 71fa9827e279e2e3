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
    page, hand = job.open(), job.hand
    hand.press(page.get_by_role("link", name="Numbers", exact=True))
    hand.type(page.get_by_label("Number begins with"), f"+{did[:3]} {did[3:6]}-{did[6:]}")
    row = page.get_by_role("table", name="Numbers").get_by_role("row").filter(has_text=did)
    expect(row).to_contain_text("2.50")
    hand.press(row.get_by_role("link", name=f"Transfer {did}…"))
    hand.type(page.get_by_label("New customer"), new)
    hand.type(page.get_by_label("From", exact=True), day(10))
    hand.press(page.get_by_role("button", name="Show what is charged"))
    hand.press(page.get_by_role("button", name="Transfer it to Sister Ltd"))
    expect(page.get_by_role("heading", name=f"DID {did}", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Today")).to_contain_text(re.compile(f"{old}.*Sister Ltd", re.DOTALL))
    (listed,) = ok(api.get("/dids", params={"search": did}))["items"]
    assert (listed["customer_id"], listed["until"], listed["next_customer_id"], listed["next_from"]) == (old, day(9), new, day(10))


def test_a_new_price_for_all_from_next_month(job: Visit, api: httpx.Client) -> None:
    """The carrier has raised its price: what a higher one would bring, and who would fall below cost, is known before it is entered."""
    package = a_package(api, name=unique("Rise"), retail="10", cost="9", frequency="monthly", frequency_match=[1])
    one, other = a_customer(api, name="Full Price Ltd"), a_customer(api, name="Special Price Ltd")
    an_assignment(api, one, package, quantity=4)
    an_assignment(api, other, package, discount="10")
    page, hand = job.open(), job.hand
    hand.press(page.get_by_role("link", name="Packages", exact=True))
    hand.type(page.get_by_role("searchbox", name="Search"), package["name"])
    hand.press(page.get_by_role("link", name=package["name"]))
    hand.press(page.get_by_role("button", name="Change price…"))
    dialog = page.get_by_role("dialog")
    first = dialog.get_by_label("From", exact=True).input_value()
    hand.type(dialog.get_by_label("Retail", exact=False).first, "12")
    hand.type(dialog.get_by_label(re.compile("^Cost")), "11")
    hand.press(dialog.get_by_role("button", name="Show what it changes"))
    effect = dialog.get_by_role("region", name="What it changes")
    expect(effect).to_contain_text("2 assignments with 5 units")
    expect(effect.get_by_role("row").filter(has_text="Retail")).to_contain_text(re.compile(r"49\.00.*58\.80.*\+9\.80"))
    expect(effect.get_by_role("link", name="Special Price Ltd")).to_be_visible()
    hand.press(dialog.get_by_role("button", name="Change price"))
    expect(page.get_by_role("table", name="Price lists by first day").get_by_role("row").last).to_contain_text("12.00was 10.00")
    coming = ok(api.get(f"/packages/{package['package_id']}"))["next_prices"]
    assert (coming["from"], coming["retail"], coming["cost"], coming["existing"]) == (first, "12.00", "11.00", True)


def test_what_will_a_new_package_charge(job: Visit, api: httpx.Client) -> None:
    """The dates stand beside the form while it is filled in, with what becomes of the 31st."""
    name = unique("Twice a month")
    page, hand = job.open(), job.hand
    hand.press(page.get_by_role("link", name="Packages", exact=True))
    hand.press(page.get_by_role("link", name="New package"))
    hand.type(page.get_by_label("Name"), name)
    hand.type(page.get_by_label("Retail", exact=True), "12.50")
    for day_of_month in ("15", "31"):
        hand.tick(page.get_by_role("checkbox", name=day_of_month, exact=True), force=True)
    due = page.get_by_role("region", name="Next due dates")
    expect(due.get_by_role("listitem")).to_have_count(12)
    expect(due).to_contain_text("February has no 31")
    hand.press(page.get_by_role("button", name="Create package"))
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    (made,) = ok(api.get("/packages", params={"search": name}))["items"]
    assert (made["retail"], made["frequency"], made["frequency_match"]) == ("12.50", "monthly", [15, 31])


def test_find_out_how_something_is_done(job: Visit) -> None:
    """The ? of a page leads to what is done there; other jobs are found by their words. Each has three steps."""
    page, hand = job.open("held"), job.hand
    hand.press(page.get_by_role("link", name="Help with this page"))
    expect(page.get_by_role("heading", name="A charge is held")).to_be_visible()
    expect(page.get_by_role("listitem").filter(visible=True)).to_have_count(3)
    hand.type(page.get_by_label("Search"), "CARRIER portal")
    expect(page.get_by_role("heading", level=2)).to_have_text(["Compare with the carrier's bill"])
    expect(page.get_by_role("listitem").filter(visible=True)).to_have_count(3)
