"""Held charges over HTTP: what does not fit under the debit limit is held, listed, tried again, or written off."""

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.support import Json, a_customer, a_package, an_assignment, balance, charges, day, ok, pages, path, pay, problem, run, unique


@pytest.fixture
def poor(api: httpx.Client) -> str:
    """A customer who can go 5.00 below zero, with charges of 4.00, 3.00 and 1.00 due today, in this order."""
    customer = a_customer(api, debit_limit="5")
    for price in ("4", "3", "1"):
        an_assignment(api, customer, a_package(api, name=price, retail=price, frequency="daily"), auto_decrement_credit=True)
    return customer


def held(api: httpx.Client, customer: str) -> list[Json]:
    return pages(api, "/held", customer=customer)


def cancel(api: httpx.Client, entry: Json) -> httpx.Response:
    return api.post(f"/held/{entry['entry_id']}/cancellation")


def test_what_passes_the_limit_is_held_and_smaller_ones_after_it_are_tried(api: httpx.Client, poor: str) -> None:
    """rules 4: Auto Decrement Credit: each is tried by itself, in order; one that doesn't fit is held, smaller ones still tried."""
    report = run(api, poor, day(), live=True)
    assert [(line["retail"], line["status"]) for line in report["lines"]] == [("4.00", "posted"), ("3.00", "held"), ("1.00", "posted")]
    assert (report["totals"]["retail"], report["totals"]["held"], report["balance_after"]) == ("5.00", "3.00", "-5.00")
    (entry,) = held(api, poor)
    assert (entry["retail"], entry["credit_change"], entry["status"], entry["posted_at"]) == ("3.00", "0.00", "held", None)
    assert ok(api.get(f"/customers/{poor}"))["held_charges"] == 1
    assert balance(api, poor) == Decimal(-5)
    assert entry in pages(api, "/held")


def test_setup_is_tried_before_recurring(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: the order is due date, setup first, assignment id."""
    customer = a_customer(api, debit_limit="5")
    for setup, price in (("0", "3"), ("4", "1")):
        package = a_package(api, retail=price, setup_retail=setup, frequency="daily")
        an_assignment(api, customer, package, auto_decrement_credit=True)
    lines = run(api, customer, day(), live=True)["lines"]
    assert [(line["kind"], line["retail"], line["status"]) for line in lines] == [
        ("setup", "4.00", "posted"), ("recurring", "3.00", "held"), ("recurring", "1.00", "posted"),
    ]  # fmt: skip


def test_no_limit_holds_nothing_and_a_limit_of_zero_does(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: absent means no limit."""
    package = a_package(api, retail="0.000001")
    for limit, status in ((None, "posted"), ("0", "held")):
        customer = a_customer(api, debit_limit=limit)
        an_assignment(api, customer, package, auto_decrement_credit=True)
        assert [line["status"] for line in run(api, customer, day(), live=True)["lines"]] == [status]
        assert balance(api, customer) == Decimal("-0.000001" if status == "posted" else 0)


def test_a_charge_may_use_the_limit_up_to_the_last_digit(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: a charge that would pass it is held; one that meets it is not."""
    customer = a_customer(api, debit_limit="1.000001")
    an_assignment(api, customer, a_package(api, retail="1.000001"), auto_decrement_credit=True)
    assert run(api, customer, day(), live=True)["balance_after"] == "-1.000001"


def test_a_held_charge_of_the_date_is_tried_by_a_run_under_its_own_identity(api: httpx.Client, poor: str) -> None:
    """rules 6: a held charge of that date is tried itself, under its own identity."""
    first = run(api, poor, day(), live=True)
    (entry,) = held(api, poor)
    again = run(api, poor, day(), live=True, if_charged="skip")
    assert [line["status"] for line in again["lines"]] == ["skipped", "held", "skipped"]
    assert held(api, poor) == [entry]
    pay(api, poor, "3")
    third = run(api, poor, day(), live=True, if_charged="skip")
    assert [line["status"] for line in third["lines"]] == ["skipped", "posted", "skipped"]
    assert held(api, poor) == []
    posted = next(one for one in charges(api, poor) if one["entry_id"] == entry["entry_id"])
    assert (posted["status"], posted["credit_change"], posted["repeat"], posted["run_id"]) == ("posted", "-3.00", False, third["run_id"])
    assert first["run_id"] != third["run_id"]
    assert balance(api, poor) == Decimal(-5)
    assert len(charges(api, poor)) == 3


def test_a_held_charge_of_another_date_is_left_to_the_daily_evaluation(api: httpx.Client, poor: str) -> None:
    """rules 6: only the daily evaluation tries other dates' held charges."""
    run(api, poor, day(), live=True)
    pay(api, poor, "100")
    assert all(line["due_date"] == day(1) for line in run(api, poor, day(1), live=True)["lines"])
    assert len(held(api, poor)) == 1


def test_writing_off_a_held_charge(api: httpx.Client, poor: str) -> None:
    """rules 4: Auto Decrement Credit: cancellation writes one off (cancelled, never tried again)."""
    run(api, poor, day(), live=True)
    (entry,) = held(api, poor)
    cancelled = ok(cancel(api, entry))
    assert (cancelled["entry_id"], cancelled["status"]) == (entry["entry_id"], "cancelled")
    assert ok(cancel(api, entry)) == cancelled
    assert held(api, poor) == []
    assert ok(api.get(f"/customers/{poor}"))["held_charges"] == 0
    pay(api, poor, "100")
    again = run(api, poor, day(), live=True, if_charged="skip")
    assert [line["status"] for line in again["lines"]] == ["skipped", "written_off", "skipped"]
    assert balance(api, poor) == Decimal(95)


def test_b5_a_written_off_charge_is_left_alone_unless_the_run_says_otherwise(api: httpx.Client, poor: str) -> None:
    """rules 6: written_off; include_written_off charges it as a repeat, once for runs that skip what is charged."""
    run(api, poor, day(), live=True)
    ok(cancel(api, held(api, poor)[0]))
    pay(api, poor, "100")

    def told(**fields: Any) -> tuple[str, bool]:
        (line,) = [one for one in run(api, poor, day(), **fields)["lines"] if one["retail"] == "3.00"]
        return line["status"], line["already_charged"]

    for if_charged in ("skip", "charge_again"):
        assert told(if_charged=if_charged) == ("written_off", False)
        assert told(if_charged=if_charged, include_written_off=True) == ("simulated", False)
    assert told(live=True) == ("written_off", False)
    assert told(live=True, if_charged="skip", include_written_off=True) == ("repeat", False)
    assert told(live=True, if_charged="skip", include_written_off=True) == ("skipped", True)
    assert told(include_written_off=True) == ("simulated", True)
    statuses = [(entry["status"], entry["repeat"]) for entry in charges(api, poor) if entry["retail"] == "3.00"]
    assert statuses == [("cancelled", False), ("posted", True)]


def test_b5_including_what_was_written_off_belongs_to_the_content_of_a_run(api: httpx.Client, poor: str) -> None:
    """rules 6: with other content a run id is refused; the record says what was asked."""
    body = {"customer": poor, "date": day(), "simulate": False, "run_id": unique("run"), "include_written_off": True}
    first = ok(api.post("/runs", json=body))
    assert ok(api.get(f"/runs/{first['run_id']}"))["include_written_off"] is True
    assert ok(api.post("/runs", json=body)) == first
    problem(api.post("/runs", json=body | {"include_written_off": False}), 409, "run_id_reused")


def test_only_held_charges_are_written_off(api: httpx.Client, poor: str) -> None:
    """contract: a named conflict; 404 for what is no entry."""
    run(api, poor, day(), live=True)
    posted = next(entry for entry in charges(api, poor) if entry["status"] == "posted")
    problem(cancel(api, posted), 409, "not_held")
    problem(cancel(api, pay(api, poor, "1")), 409, "not_held")
    for nobody in (unique(), f"{poor}~2026-01-01~1-recurring~nobody", "a~b", "~~~", f"{poor}~x~y~z", "%00", "a b"):
        problem(api.post(f"/held/{nobody}/cancellation"), 404, "not_found")


def test_a_lowered_limit_leaves_the_balance_where_it_is(api: httpx.Client, poor: str) -> None:
    """rules 4: Auto Decrement Credit: a lowered limit may leave the balance below it; only debits of charges are refused by it."""
    run(api, poor, day(), live=True)
    ok(api.patch(f"/customers/{poor}", json={"debit_limit": "0"}))
    pay(api, poor, "-1")
    assert balance(api, poor) == Decimal(-6)
    report = run(api, poor, day(1), live=True)
    assert {line["status"] for line in report["lines"]} == {"held"}
    assert report["balance_after"] == "-6.00"


def test_what_is_not_debited_is_never_held(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: off: the charge is posted for invoicing and the balance does not move."""
    customer = a_customer(api, debit_limit="0")
    an_assignment(api, customer, a_package(api, retail="9", cost="2"))
    report = run(api, customer, day(), live=True)
    assert [line["status"] for line in report["lines"]] == ["posted"]
    assert (report["totals"]["credit_debited"], report["balance_after"]) == ("0.00", "0.00")


def test_held_backlog_is_held_on_its_own_dates(api: httpx.Client) -> None:
    """rules 5: backlog is posted at once; rules 4: what doesn't fit is held, never dropped."""
    customer = a_customer(api, debit_limit="2")
    an_assignment(api, customer, a_package(api, retail="1", frequency="daily"), start_date=day(-3), auto_decrement_credit=True)
    assert [(entry["date"], entry["status"]) for entry in charges(api, customer)] == [
        (day(-3), "posted"), (day(-2), "posted"), (day(-1), "held"),
    ]  # fmt: skip
    assert balance(api, customer) == Decimal(-2)


def test_a_held_charge_is_tried_as_it_was_held(api: httpx.Client) -> None:
    """rules 4: a charge keeps what it was computed from; a line charged again is planned afresh."""
    customer, package = a_customer(api, debit_limit="0"), a_package(api, retail="3")
    made = an_assignment(api, customer, package, start_date=day(1), auto_decrement_credit=True)
    run(api, customer, day(1), live=True)
    ok(api.patch(path(made), json={"quantity": 5}))
    ok(api.patch(f"/packages/{package['package_id']}", json={"retail": "7"}))
    pay(api, customer, "100")
    (line,) = run(api, customer, day(1), live=True)["lines"]
    assert (line["status"], line["retail"], line["quantity"]) == ("posted", "3.00", 1)
    assert [entry["retail"] for entry in run(api, customer, day(1), live=True)["lines"]] == ["35.00"]
    assert balance(api, customer) == 62


def test_b19_a_report_tells_of_charges_held_before(api: httpx.Client, poor: str) -> None:
    """rules 6: they are not tried by the run; the next daily evaluation tries them first, and the report says what that takes."""
    assert run(api, poor, day())["held_before"] == {"count": 0, "retail": "0.00", "credit_debited": "0.00", "explanation": None}
    run(api, poor, day(), live=True)
    pay(api, poor, "3.50")
    foretold = run(api, poor, day(1))
    assert foretold["balance_before"] == "-1.50"
    before = foretold["held_before"]
    assert (before["count"], before["retail"], before["credit_debited"]) == (1, "3.00", "3.00")
    assert "1 held charge of an earlier date waits, 3.00 USD" in before["explanation"]
    assert "would be tried at a balance of -4.50 USD" in before["explanation"]
    done = run(api, poor, day(1), live=True)
    assert (done["held_before"]["count"], done["held_before"]["retail"]) == (1, "3.00")
    assert "This run did not try it" in done["held_before"]["explanation"]
    assert ok(api.get(f"/runs/{done['run_id']}"))["held_before"] == done["held_before"]
    assert run(api, poor, day(-1))["held_before"]["count"] == 0
    page = api.get(f"/runs/{done['run_id']}", headers={"Accept": "text/html"}).text
    assert done["held_before"]["explanation"] in page


def attempt(api: httpx.Client, entry: Json) -> httpx.Response:
    return api.post(f"/held/{entry['entry_id']}/attempt")


def test_a_held_charge_is_tried_at_once_and_posts_as_soon_as_it_fits(api: httpx.Client, poor: str) -> None:
    """rules 4: Auto Decrement Credit: an attempt does what the next daily run would, and no more."""
    run(api, poor, day(), live=True)
    (entry,) = held(api, poor)
    assert ok(attempt(api, entry)) == entry
    assert balance(api, poor) == Decimal(-5)
    pay(api, poor, "3")
    posted = ok(attempt(api, entry))
    assert (posted["status"], posted["credit_change"], posted["repeat"]) == ("posted", "-3.00", False)
    assert ok(attempt(api, entry)) == posted
    assert (held(api, poor), balance(api, poor), len(charges(api, poor))) == ([], Decimal(-5), 3)
    assert ok(api.get(f"/customers/{poor}"))["held_charges"] == 0


def test_a_held_charge_is_tried_as_its_assignment_pays_by_now(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: each try uses the current setting of the assignment."""
    customer = a_customer(api, debit_limit="0")
    assigned = an_assignment(api, customer, a_package(api, retail="4"), auto_decrement_credit=True)
    run(api, customer, day(), live=True)
    (entry,) = held(api, customer)
    ok(api.patch(path(assigned), json={"auto_decrement_credit": False}))
    posted = ok(attempt(api, entry))
    assert (posted["status"], posted["credit_change"], balance(api, customer)) == ("posted", "0.00", Decimal(0))


def test_only_what_is_held_can_be_tried(api: httpx.Client, poor: str) -> None:
    run(api, poor, day(), live=True)
    (entry,) = held(api, poor)
    problem(attempt(api, pay(api, poor, "1")), 409, "not_held")
    ok(cancel(api, entry))
    problem(attempt(api, entry), 409, "not_held")
    problem(api.post(f"/held/{poor}~2026-01-01~1-recurring~nobody/attempt"), 404, "not_found")


def test_what_is_held_is_counted_and_summed_whatever_the_page(api: httpx.Client, poor: str) -> None:
    for offset in (0, 1):
        run(api, poor, day(offset), live=True)
    found = ok(api.get("/held", params={"customer": poor, "sums": "true", "limit": 1}))
    assert len(found["items"]) == 1
    (of_currency,) = found["sums"].pop("by_currency")
    assert of_currency == {"currency": "USD", "charges": 4, "retail": "11.00"}
    assert found["sums"] == {"charges": 4, "oldest": day(), "whole": True}
    assert "sums" not in ok(api.get("/held", params={"customer": poor}))
    assert ok(api.get("/held", params={"customer": a_customer(api), "sums": "true"}))["sums"] == {
        "charges": 0, "oldest": None, "whole": True, "by_currency": [],
    }  # fmt: skip
