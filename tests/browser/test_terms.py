"""Terms of an assignment as a person keeps them: own prices, a promotion, a pause, and taking one back."""

import re

import httpx
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, charges, day, ok, unique
from tests.browser.conftest import Visit
from tests.browser.support import choose_package


def test_a_promotion_and_a_pause_are_entered_seen_and_taken_back(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Phone"), retail="12.50", frequency="daily"), a_customer(api)
    made = an_assignment(api, customer, package, start_date=day(1))
    where = f"customers/{customer}/assignments/{made['assignment_id']}"
    page = visit.open(where)
    terms = page.get_by_role("table", name="Terms").or_(page.get_by_role("group", name="Terms").get_by_role("table"))
    expect(terms.get_by_role("row")).to_have_count(2)

    page.get_by_role("button", name="Change terms…").click()
    dialog = page.get_by_role("dialog", name="Change terms")
    expect(dialog.get_by_label("From", exact=True)).to_have_value(day(1))
    dialog.get_by_label("From", exact=True).fill(day(3))
    dialog.get_by_label("Until").fill(day(5))
    dialog.get_by_label("Discount").fill("120")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("Discount")).to_have_accessible_description(re.compile("0 to 100"))
    dialog.get_by_label("Discount").fill("20")
    dialog.get_by_label("Own retail").fill("9.99")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    expect(terms).to_contain_text("own retail 9.99, discount 20 %")

    page.get_by_role("button", name="Pause…").click()
    dialog = page.get_by_role("dialog", name="Pause this assignment?")
    dialog.get_by_label("From", exact=True).fill(day(7))
    dialog.get_by_label("Until").fill(day(8))
    dialog.get_by_role("button", name="Pause").click()
    expect(dialog).not_to_be_visible()
    expect(page.get_by_role("status", name="Worth a look")).to_contain_text("skips what is due on")
    expect(terms.get_by_role("row")).to_have_count(4)

    terms.get_by_role("button", name=re.compile("^Remove the terms from")).last.click()
    page.get_by_role("dialog", name="Remove these terms?").get_by_role("button", name="Remove").click()
    expect(terms.get_by_role("row")).to_have_count(3)
    kept = [(one["from"], one["until"], one["retail"], one["discount"]) for one in ok(api.get(f"/{where}/terms"))["items"]]
    assert kept == [(day(3), day(5), "9.99", "20.00")]


def test_an_own_price_is_given_with_the_package(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Line"), retail="10", setup_retail="25", frequency="monthly"), a_customer(api)
    page = visit.open(f"customers/{customer}/assign")
    choose_package(page, package["name"])
    page.get_by_label("Start date").fill(day(1))
    page.get_by_label("Own retail").fill("8")
    page.get_by_label("Discount").fill("5")
    page.get_by_label("Own setup retail").fill("0")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("heading", name=package["name"], level=1, exact=True)).to_be_visible()
    expect(page.get_by_text("8.00 USD, own price, less 5 %")).to_be_visible()
    (made,) = ok(api.get(f"/customers/{customer}/assignments"))["items"]
    assert (made["retail"], made["discount"], made["setup_retail"]) == ("8.00", "5.00", "0.00")


def test_what_changes_over_time_is_given_with_the_package(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Line"), retail="10", frequency="monthly"), a_customer(api)
    page = visit.open(f"customers/{customer}/assign")
    choose_package(page, package["name"])
    page.get_by_label("Start date").fill(day(1))
    for name, first, last, discount in (("Change 1", day(1), day(20), "100"), ("Change 2", day(0), "", "")):
        page.get_by_role("button", name="Add a change").click()
        entry = page.get_by_role("group", name=name)
        entry.get_by_label("From", exact=True).fill(first)
        entry.get_by_label("Until").fill(last)
        entry.get_by_label("Discount").fill(discount)
    second = page.get_by_role("group", name="Change 2")
    second.get_by_label("Quantity").fill("5")
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(second.get_by_label("From", exact=True)).to_have_accessible_description(re.compile("Lies before the start date"))
    expect(second.get_by_label("From", exact=True)).to_be_focused()
    second.get_by_label("From", exact=True).fill(day(40))
    page.get_by_role("button", name="Add a change").click()
    page.get_by_role("button", name="Take change 3 out").click()
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("heading", name=package["name"], level=1, exact=True)).to_be_visible()
    (made,) = ok(api.get(f"/customers/{customer}/assignments"))["items"]
    kept = ok(api.get(f"/customers/{customer}/assignments/{made['assignment_id']}/terms"))
    free, larger = kept["items"]
    assert [(one["from"], one["until"]) for one in (free, larger)] == [(day(1), day(20)), (day(40), None)]
    assert (free["discount"], larger["quantity"], kept["first"]["discount"]) == ("100.00", 5, "0.00")


def test_past_days_are_corrected_with_a_reason(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Line"), retail="10", frequency="daily"), a_customer(api)
    made = an_assignment(api, customer, package, start_date=day(-2))
    where = f"customers/{customer}/assignments/{made['assignment_id']}"
    page = visit.open(where)
    page.get_by_role("button", name="Change terms…").click()
    dialog = page.get_by_role("dialog", name="Change terms")
    expect(dialog.get_by_label("Reason for correcting past days")).to_have_count(0)
    dialog.get_by_label("From", exact=True).fill(day(-1))
    dialog.get_by_label("Discount").fill("50")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_label("From", exact=True)).to_have_accessible_description(re.compile("the first open day is"))
    dialog.get_by_label("Reason for correcting past days").fill("Promised by mail")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).not_to_be_visible()
    (kept,) = ok(api.get(f"/{where}/terms"))["items"]
    assert (kept["from"], kept["discount"], kept["reason"]) == (day(-1), "50.00", "Promised by mail")


def test_terms_that_make_past_days_due_say_what_they_charge_and_ask(visit: Visit, api: httpx.Client) -> None:
    package, customer = a_package(api, name=unique("Line"), retail="10", frequency="daily"), a_customer(api)
    made = an_assignment(api, customer, package, start_date=day(-10), discount="100")
    page = visit.open(f"customers/{customer}/assignments/{made['assignment_id']}")
    page.get_by_role("button", name="Change terms…").click()
    dialog = page.get_by_role("dialog", name="Change terms")
    dialog.get_by_label("From", exact=True).fill(day(-10))
    dialog.get_by_label("Discount").fill("0")
    dialog.get_by_role("button", name="Save").click()
    asking = page.get_by_role("dialog", name="Charge 10 past due dates now?")
    expect(asking).to_contain_text("100.00 USD")
    asking.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_label("Discount")).to_have_value("0")
    assert charges(api, customer) == []
    dialog.get_by_role("button", name="Save").click()
    asking.get_by_role("button", name="Save and charge").click()
    expect(asking).not_to_be_visible()
    expect(dialog).not_to_be_visible()
    assert [one["retail"] for one in charges(api, customer)] == ["10.00"] * 10
