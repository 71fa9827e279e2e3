"""Run Package, simulated and live."""

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.support import a_customer, a_package, an_assignment, charges, ledger, ok, path, run
from tests.browser.conftest import Visit

DATE = "2031-02-28"


@pytest.fixture
def customer(api: httpx.Client) -> str:
    """A customer with one line due on 28 February 2031 and one package that is not."""
    customer = a_customer(api)
    package = a_package(api, name="Line", retail="12.50", cost="7.25", frequency="monthly", frequency_match=[31])
    an_assignment(api, customer, package, start_date="2031-02-01")
    an_assignment(api, customer, a_package(api, name="Later", retail="1"), start_date="2031-05-01")
    return customer


def test_a_simulation_writes_nothing_and_says_why_something_is_not_due(visit: Visit, api: httpx.Client, customer: str) -> None:
    page = visit.open(f"run?customer={customer}&date={DATE}")
    expect(page.get_by_role("table", name="What is charged").get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("region", name="What is not due, and why")).to_contain_text("Laterstarts on 1 May 2031")
    for label, amount in (("Retail", "12.50"), ("Cost", "7.25"), ("Margin", "5.25")):
        expect(page.get_by_role("definition").filter(has_text=f"{amount} USD").first, label).to_be_visible()
    assert ledger(api, customer) == []


def test_what_is_charged_is_left_alone_unless_somebody_says_otherwise(visit: Visit, api: httpx.Client, customer: str) -> None:
    an_assignment(api, customer, a_package(api, name="Fax", retail="5", frequency="monthly", frequency_match=[31]), start_date="2031-02-01")
    run(api, customer, DATE, live=True)
    page = visit.open(f"run?customer={customer}&date={DATE}")
    leave, again = page.get_by_role("radio", name="Leave alone"), page.get_by_role("radio", name="Charge again")
    expect(leave).to_be_checked()
    expect(page.get_by_role("table", name="What is charged").get_by_text("Left alone")).to_have_count(2)
    expect(page.get_by_role("button", name="Run it live…")).to_have_count(0)
    page.get_by_role("radio", name="All customers").check()
    expect(leave).to_be_checked()
    page.get_by_role("radio", name="One customer").check()
    again.check()
    expect(page.get_by_text("The form has changed since")).to_be_visible()
    expect(page.get_by_label("Date")).to_have_accessible_description("Only what is due on this date, which lies ahead.")
    page.get_by_role("button", name="Simulate").click()
    page.get_by_role("button", name="Run it live…").click()
    dialog = page.get_by_role("dialog", name="Run it live?")
    expect(dialog).to_contain_text("2 lines were charged already and would be charged again17.50 USD")
    expect(dialog).to_contain_text("This date lies ahead")
    dialog.get_by_role("button", name="Cancel").click()
    assert len(charges(api, customer)) == 2
    page.get_by_role("button", name="Run it live…").click()
    dialog.get_by_role("button", name="Charge now").click()
    expect(page.get_by_role("heading", name="Run Package of 28 Feb 2031")).to_be_visible()
    assert sorted(charge["repeat"] for charge in charges(api, customer)) == [False, False, True, True]


def test_a_first_charge_is_told_from_a_repeat(visit: Visit, api: httpx.Client, customer: str) -> None:
    page = visit.open(f"run?customer={customer}&date={DATE}")
    page.get_by_role("radio", name="Charge again").check()
    page.get_by_role("button", name="Simulate").click()
    page.get_by_role("button", name="Run it live…").click()
    dialog = page.get_by_role("dialog", name="Run it live?")
    expect(dialog).to_contain_text("Nothing of it was charged already.")


def test_what_was_written_off_is_charged_only_when_asked_for(visit: Visit, api: httpx.Client) -> None:
    customer = a_customer(api, debit_limit="0")
    made = an_assignment(
        api, customer, a_package(api, name="Line", retail="12.50", frequency="daily"), start_date=DATE, auto_decrement_credit=True
    )
    run(api, customer, DATE, live=True)
    (held,) = ok(api.get("/held", params={"customer": customer}))["items"]
    ok(api.post(f"/held/{held['entry_id']}/cancellation"))
    ok(api.patch(path(made), json={"auto_decrement_credit": False}))
    page = visit.open(f"run?customer={customer}&date={DATE}")
    lines = page.get_by_role("table", name="What is charged")
    expect(lines).to_contain_text("Left alone, written off")
    expect(page.get_by_role("button", name="Run it live…")).to_have_count(0)
    page.get_by_label("Charge what was written off, too").check()
    page.get_by_role("button", name="Simulate").click()
    expect(lines).to_contain_text("Would be charged")
    page.get_by_role("button", name="Run it live…").click()
    page.get_by_role("dialog", name="Run it live?").get_by_role("button", name="Charge now").click()
    expect(page.get_by_role("heading", name="Run Package of 28 Feb 2031")).to_be_visible()
    assert [(charge["status"], charge["repeat"]) for charge in charges(api, customer)] == [("cancelled", False), ("posted", True)]


@pytest.mark.parametrize("arrives", [True, False], ids=["answer-lost", "request-lost"])
def test_a_live_run_whose_answer_is_lost_is_tried_again_as_the_same_run(
    visit: Visit, api: httpx.Client, customer: str, arrives: bool
) -> None:
    page = visit.open(f"run?customer={customer}&date={DATE}")
    page.get_by_role("radio", name="No, run live").check()
    page.get_by_role("button", name="Run live…").click()
    dialog = page.get_by_role("dialog", name="Run it live?")
    expect(dialog).to_be_visible()
    page.route("**/runs", lambda route: (arrives and route.fetch(), route.abort()), times=1)
    dialog.get_by_role("button", name="Charge now").dblclick()
    expect(dialog.get_by_role("alert")).to_contain_text("Trying again is safe")
    dialog.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Run Package of 28 Feb 2031")).to_be_visible()
    assert [charge["repeat"] for charge in charges(api, customer)] == [False]


def test_an_unknown_customer_is_told_in_words(visit: Visit) -> None:
    page = visit.open("run")
    page.get_by_label("Customer", exact=True).fill("nobody-at-all")
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no customer nobody-at-all")


def test_a_live_run_charges_what_was_seen_or_shows_what_has_changed(visit: Visit, api: httpx.Client, customer: str) -> None:
    page = visit.open(f"run?customer={customer}&date={DATE}")
    page.get_by_role("button", name="Run it live…").click()
    dialog = page.get_by_role("dialog", name="Run it live?")
    expect(dialog).to_contain_text("12.50 USD")
    another = a_package(api, name="Fax", retail="5", frequency="monthly", frequency_match=[31])
    an_assignment(api, customer, another, start_date="2031-02-01")
    dialog.get_by_role("button", name="Charge now").click()
    expect(dialog.get_by_role("alert")).to_contain_text("What would be charged has changed")
    expect(dialog).to_contain_text("17.50 USD")
    expect(page.get_by_role("table", name="What is charged")).to_contain_text("Fax")
    assert charges(api, customer) == []
    dialog.get_by_role("button", name="Charge now").click()
    expect(page.get_by_role("heading", name="Run Package of 28 Feb 2031")).to_be_visible()
    assert sorted(charge["retail"] for charge in charges(api, customer)) == ["12.50", "5.00"]
