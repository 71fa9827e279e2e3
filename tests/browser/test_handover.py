"""Replacing a package and transferring a number, as a person does it: what each side is charged is shown first."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.api.support import Json, a_customer, a_package, an_assignment, day, ok, path, unique, unique_did
from tests.browser.conftest import Visit

MONTHLY = {"frequency": "monthly", "frequency_match": [1], "proration": "daily"}


@pytest.fixture
def old(api: httpx.Client) -> Json:
    """Four phones on a number, since the day before yesterday."""
    package = a_package(api, name=unique("Phone"), retail="30", cost="12", **MONTHLY)
    return an_assignment(api, a_customer(api), package, start_date=day(-2), did=unique_did(), quantity=4)


def assignments(api: httpx.Client, customer: str) -> list[Json]:
    return list(ok(api.get(f"/customers/{customer}/assignments"))["items"])


def fill_replacement(page: Page, package: Json) -> None:
    page.get_by_label("New package").fill(package["name"])
    page.get_by_label("From", exact=True).fill(day(10))


def test_a_package_is_replaced_after_both_sides_were_shown_and_it_is_undone(visit: Visit, api: httpx.Client, old: Json) -> None:
    plus = a_package(api, name=unique("Phone plus"), retail="60", setup_retail="25", **MONTHLY)
    page = visit.open(path(old)[1:])
    page.get_by_role("link", name="Replace package…").click()
    expect(page.get_by_role("heading", name=f"Replace {old['package']['name']}")).to_be_visible()
    expect(page.get_by_label("Quantity")).to_have_accessible_description("Now 4.")
    fill_replacement(page, plus)
    page.get_by_label("Discount").fill("130")
    page.get_by_role("button", name="Show what is charged").click()
    expect(page.get_by_label("Discount")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Discount").fill("")
    page.get_by_role("button", name="Show what is charged").click()
    shown = page.get_by_role("region", name="What is charged", exact=True)
    expect(shown.get_by_role("table", name=re.compile(f"^{plus['name']}, from"))).to_contain_text("Setup")
    expect(shown.get_by_role("table", name=re.compile(f"^{old['package']['name']}, through"))).to_contain_text("−")
    assert assignments(api, old["customer_id"])[0]["replaced_by"] is None, "nothing is written yet"

    page.get_by_role("radio", name="Waive it").check()
    expect(shown.get_by_text("The form has changed since")).to_be_visible()
    expect(page.get_by_role("button", name="Replace it from")).to_have_count(0)
    page.get_by_role("button", name="Show what is charged").click()
    expect(shown.get_by_role("table", name=re.compile(f"^{plus['name']}, from"))).not_to_contain_text("Setup")
    page.get_by_role("button", name="Replace it from").dblclick()
    expect(page.get_by_role("heading", name=plus["name"], level=1)).to_be_visible()
    expect(page.get_by_text(f"in place of {old['package']['name']}")).to_be_visible()
    before, made = assignments(api, old["customer_id"])
    assert (before["end_date"], before["replaced_by"]) == (day(9), made["assignment_id"])
    assert (made["start_date"], made["did"], made["quantity"], made["setup_retail"]) == (day(10), old["did"], 4, "0.00")

    page.goto(f"{visit.url}/console#{path(old)}")
    expect(page.get_by_text(f"{plus['name']} takes its place")).to_be_visible()
    expect(page.get_by_role("button", name="End it…")).to_have_count(0)
    page.get_by_role("link", name="Edit").click()
    expect(page.get_by_label("End date")).to_be_disabled()
    expect(page.get_by_label("End date")).to_have_accessible_description(re.compile("another assignment takes its place"))
    page.go_back()
    page.get_by_role("button", name="Undo…").click()
    page.get_by_role("dialog", name="Undo the replacement?").get_by_role("button", name="Undo it").click()
    expect(page.get_by_text("takes its place")).to_have_count(0)
    (again,) = assignments(api, old["customer_id"])
    assert (again["end_date"], again["replaced_by"]) == (None, None)


@pytest.mark.parametrize("arrives", [True, False], ids=["answer-lost", "request-lost"])
def test_a_replacement_whose_answer_is_lost_is_made_once(visit: Visit, api: httpx.Client, old: Json, arrives: bool) -> None:
    plus = a_package(api, name=unique("Phone plus"), retail="60", **MONTHLY)
    page = visit.open(f"{path(old)[1:]}/replace")
    fill_replacement(page, plus)
    page.get_by_role("button", name="Show what is charged").click()
    expect(page.get_by_role("button", name="Replace it from")).to_be_visible()
    page.route("**/replacement", lambda route: (arrives and route.fetch(), route.abort()), times=1)
    page.get_by_role("button", name="Replace it from").click()
    expect(page.get_by_role("alert")).to_contain_text("Trying again is safe")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=plus["name"], level=1)).to_be_visible()
    assert len(assignments(api, old["customer_id"])) == 2


def test_the_same_package_keeps_its_setup_waived_and_takes_other_terms(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Line"), retail="30", setup_retail="10", **MONTHLY)
    one = an_assignment(api, a_customer(api), package, start_date=day(-2))
    page = visit.open(f"{path(one)[1:]}/replace")
    fill_replacement(page, package)
    expect(page.get_by_role("radio", name="Waive it")).to_be_checked()
    page.get_by_label("Own retail").fill("24")
    page.get_by_role("button", name="Show what is charged").click()
    page.get_by_role("button", name="Replace it from").click()
    expect(page.get_by_text("Due dates counted from")).to_be_visible()
    _, made = assignments(api, one["customer_id"])
    assert (made["retail"], made["setup_retail"], made["counted_from"]) == ("24.00", "0.00", day(-2))


def test_a_number_is_transferred_after_both_sides_were_shown(visit: Visit, api: httpx.Client, old: Json) -> None:
    poor, other = a_customer(api, currency="EUR"), a_customer(api, name="Bob Inc")
    page = visit.open(path(old)[1:])
    page.get_by_role("link", name="Transfer…").click()
    expect(page.get_by_role("heading", name=f"Transfer DID {old['did']}")).to_be_visible()
    page.get_by_label("New customer").fill(poor)
    page.get_by_label("From", exact=True).fill(day(5))
    page.get_by_role("button", name="Show what is charged").click()
    expect(page.get_by_label("New customer")).to_have_accessible_description(re.compile("the customer's currency is EUR"))
    page.get_by_label("New customer").fill(other)
    page.get_by_role("button", name="Show what is charged").click()
    expect(page.get_by_role("table", name=re.compile("^Bob Inc: .*, from"))).to_be_visible()
    expect(page.get_by_role("table", name=re.compile(f"^{old['customer_id']}: .*, through"))).to_be_visible()
    assert assignments(api, other) == []
    page.get_by_role("button", name="Transfer it to Bob Inc").click()
    table = page.get_by_role("table", name="Assignments of this DID")
    expect(table.get_by_role("row")).to_have_count(3)
    (made,) = assignments(api, other)
    assert (made["start_date"], made["quantity"], made["transferred_from"]) == (day(5), 4, old["customer_id"])

    page.goto(f"{visit.url}/console#{path(old)}")
    expect(page.get_by_text("of Bob Inc takes its place")).to_be_visible()
    page.goto(f"{visit.url}/console#{path(made)}")
    page.get_by_role("button", name="Undo…").click()
    page.get_by_role("dialog", name="Undo the transfer?").get_by_role("button", name="Undo it").click()
    expect(page.get_by_role("heading", name=f"DID {old['did']}")).to_be_visible()
    assert assignments(api, old["customer_id"])[0]["end_date"] is None


def test_a_number_that_nobody_has_can_not_be_transferred(visit: Visit) -> None:
    page = visit.open(f"dids/{unique_did()}/transfer")
    expect(page.get_by_text("Nobody has this number")).to_be_visible()
