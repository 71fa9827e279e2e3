"""What counts once, when the answer is lost and the page is loaded anew: the form is there again, and sending it has one effect."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.support import a_customer, a_package, an_assignment, charges, day, ledger, ok, pages, pay, unique
from tests.browser.conftest import Visit
from tests.browser.support import choose_package

DATE = "2031-02-28"


def lose_answer(page: Page, path: str, press: Locator) -> None:
    """The service gets the request; the page doesn't get the answer."""
    page.route(path, lambda route: (route.fetch(), route.abort()), times=1)
    press.click()
    expect(page.get_by_role("alert")).to_contain_text("No answer came")


def reload(page: Page) -> None:
    page.reload()
    page.get_by_role("heading", level=1).wait_for()


def leave_and_return(page: Page) -> None:
    where = page.url
    page.goto(f"{where.partition('#')[0]}#/held")
    page.get_by_role("heading", name="Held charges").wait_for()
    page.goto(where)
    page.get_by_role("heading", level=1).wait_for()


AGAIN: dict[str, Callable[[Page], None]] = {"reloaded": reload, "left": leave_and_return}
again = pytest.mark.parametrize("come_back", AGAIN.values(), ids=AGAIN)


@again
def test_an_assignment_with_its_backlog(visit: Visit, api: httpx.Client, come_back: Callable[[Page], None]) -> None:
    package, customer = a_package(api, name=unique("Line"), retail="10", frequency="daily"), a_customer(api)
    page = visit.open(f"customers/{customer}/assign")
    choose_package(page, package["name"])
    page.get_by_label("Start date").fill(day(-5))
    page.get_by_role("button", name="Assign", exact=True).click()
    lose_answer(page, f"**/customers/{customer}/assignments", page.get_by_role("button", name="Assign and charge"))
    come_back(page)
    expect(page.get_by_role("alert")).to_contain_text("No answer came")
    expect(page.get_by_label("Start date")).to_have_value(day(-5))
    page.get_by_role("button", name="Assign", exact=True).click()
    expect(page.get_by_role("heading", name=package["name"], level=1, exact=True)).to_be_visible()
    assert len(charges(api, customer)) == 5
    assert len(ok(api.get(f"/customers/{customer}/assignments"))["items"]) == 1
    page.goto(f"{visit.url}/console#/customers/{customer}/assign")
    expect(page.get_by_label("Package", exact=True)).to_have_value("")


@again
def test_a_payment(visit: Visit, api: httpx.Client, come_back: Callable[[Page], None]) -> None:
    customer = a_customer(api)
    page = visit.open(f"customers/{customer}")
    dialog = page.get_by_role("dialog", name="Record a payment")
    page.get_by_role("button", name="Record payment…").click()
    dialog.get_by_label("Amount").fill("30.00")
    lose_answer(page, "**/payments", dialog.get_by_role("button", name="Book payment"))
    come_back(page)
    pay(api, customer, "1.00")
    page.get_by_role("button", name="Record payment…").click()
    expect(dialog.get_by_role("alert")).to_contain_text("No answer came")
    expect(dialog.get_by_label("Amount")).to_have_value("30.00")
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog).not_to_be_visible()
    assert sorted(entry["credit_change"] for entry in ledger(api, customer)) == ["1.00", "30.00"]
    page.get_by_role("button", name="Record payment…").click()
    expect(dialog.get_by_label("Amount")).to_have_value("")


def run_again(page: Page) -> None:
    """Ask for a live run that would charge once more what is charged already, which is not what the form begins with."""
    page.get_by_role("radio", name="Charge again").check()
    page.get_by_role("button", name="Simulate").click()
    page.get_by_role("button", name="Run it live…").click()


@again
def test_a_live_run(visit: Visit, api: httpx.Client, come_back: Callable[[Page], None]) -> None:
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, name="Line", retail="12.50", frequency="daily"), start_date="2031-02-01")
    page = visit.open(f"run?customer={customer}&date={DATE}")
    dialog = page.get_by_role("dialog", name="Run it live?")
    run_again(page)
    lose_answer(page, "**/runs", dialog.get_by_role("button", name="Charge now"))
    come_back(page)
    expect(page.get_by_text("What is charged already is left alone.")).to_be_visible()
    expect(page.get_by_role("button", name="Run it live…")).to_have_count(0)
    run_again(page)
    expect(dialog.get_by_role("alert")).to_contain_text("No answer came")
    dialog.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Run Package of 28 Feb 2031")).to_be_visible()
    assert [charge["repeat"] for charge in charges(api, customer)] == [False]


def test_a_new_package(visit: Visit, api: httpx.Client) -> None:
    name = unique("Fax")
    page = visit.open("packages/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Retail", exact=True).fill("2.50")
    lose_answer(page, "**/packages", page.get_by_role("button", name="Create package"))
    reload(page)
    reload(page)
    expect(page.get_by_label("Name", exact=True)).to_have_value(name)
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    assert [one["name"] for one in pages(api, "/packages") if one["name"] == name] == [name]
