"""Who changed what: of a package and of a customer with its assignments."""

import httpx
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, day, ok, unique
from tests.browser.conftest import Visit


def test_a_package_tells_each_field_before_and_after(visit: Visit, api: httpx.Client) -> None:
    package = a_package(api, name=unique("Phone"), retail="10")
    ok(api.patch(f"/packages/{package['package_id']}", json={"description": "With a screen", "minimum_days": 30}))
    page = visit.open(f"packages/{package['package_id']}")
    rows = page.get_by_role("table", name="History").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("Package changed")
    expect(rows.nth(1)).to_contain_text("Description: empty → With a screen")
    expect(rows.nth(1)).to_contain_text("Minimum days: 0 → 30")
    expect(rows.nth(1)).to_contain_text(package["created_by"])
    expect(rows.nth(2)).to_contain_text("Package created")


def test_a_customer_tells_changes_of_its_own_and_of_its_assignments(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, name="Before")
    made = an_assignment(api, customer, a_package(api, name=unique("Line"), retail="10", frequency="daily"), start_date=day(1))
    where = f"/customers/{customer}"
    ok(api.patch(where, json={"name": "After"}))
    ok(api.put(f"{where}/assignments/{made['assignment_id']}/terms/{day(5)}", json={"quantity": 3}), 201)
    page = visit.open(f"customers/{customer}")
    page.get_by_role("link", name="History").click()
    rows = page.get_by_role("table", name="History").get_by_role("row")
    expect(rows).to_have_count(5)
    expect(rows.nth(1)).to_contain_text("Terms changed")
    expect(rows.nth(1)).to_contain_text("Quantity from")
    expect(rows.nth(1)).to_contain_text("1 → 3")
    expect(rows.nth(2)).to_contain_text("Name: Before → After")
    rows.nth(1).get_by_role("link", name="Terms changed").click()
    expect(page.get_by_role("heading", name=made["package"]["name"], level=1)).to_be_visible()
