"""Assignments over HTTP: what can be assigned, edited, ended and deleted, who has a DID, and what was due before today."""

from typing import Any

import httpx
import pytest

from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    assigning,
    charges,
    day,
    due_dates,
    ledger,
    ok,
    pages,
    path,
    pointers,
    problem,
    run,
    saved,
    unique,
    unique_did,
)


def reason(api: httpx.Client, assignment: Json, date: str) -> str:
    """Why a run of that date charges the assignment nothing."""
    reasons = run(api, assignment["customer_id"], date)["not_due"]
    return next(one["reason"] for one in reasons if one["assignment_id"] == assignment["assignment_id"])


def test_an_assignment_shows_its_package(api: httpx.Client) -> None:
    """contract: with the package's details embedded."""
    customer, package, did = a_customer(api), a_package(api, retail="2.50", frequency="monthly"), unique_did()
    made = assigning(api, customer, package, did=did, quantity=3, end_date=day(400), auto_decrement_credit=True)
    shown = saved(made)
    expected = {
        "customer_id": customer, "package_id": package["package_id"], "did": did, "quantity": 3, "start_date": day(),
        "end_date": day(400), "auto_decrement_credit": True, "free_minutes": None, "minimum_days": 0, "package": package,
    }  # fmt: skip
    assert {name: shown[name] for name in expected} == expected
    assert made.headers["location"].endswith(f"assignments/{shown['assignment_id']}")
    assert ok(api.get(path(shown))) == shown
    assert api.get(path(shown)).headers["etag"] == made.headers["etag"]
    assert pages(api, f"/customers/{customer}/assignments") == [shown]


def test_defaults_of_an_assignment(api: httpx.Client) -> None:
    """contract: quantity (1), auto_decrement_credit (false)."""
    shown = an_assignment(api, a_customer(api), a_package(api))
    assert (shown["quantity"], shown["auto_decrement_credit"], shown["did"], shown["end_date"]) == (1, False, None, None)


@pytest.mark.parametrize(
    ("pointer", "fields"),
    [
        ("/package_id", {"package_id": None}), ("/package_id", {"package_id": "a b"}), ("/package_id", {"package_id": 3}),
        ("/did", {"did": "12"}), ("/did", {"did": "+0441234"}), ("/did", {"did": 441234}), ("/did", {"did": "1" * 21}),
        ("/did", {"did": "٣٣٣٣"}), ("/quantity", {"quantity": 0}), ("/quantity", {"quantity": 1_000_001}),
        ("/quantity", {"quantity": "2"}), ("/quantity", {"quantity": 1.0}), ("/quantity", {"quantity": True}),
        ("/quantity", {"quantity": -1}), ("/start_date", {"start_date": None}), ("/start_date", {"start_date": "2026-02-30"}),
        ("/start_date", {"start_date": "1899-12-31"}), ("/start_date", {"start_date": "3000-01-01"}),
        ("/start_date", {"start_date": 20260101}), ("/start_date", {"start_date": "2026-1-1"}),
        ("/start_date", {"start_date": "2026-01-01T00:00:00Z"}), ("/end_date", {"end_date": day(-1)}),
        ("/end_date", {"end_date": "never"}), ("/auto_decrement_credit", {"auto_decrement_credit": "yes"}),
        ("/auto_decrement_credit", {"auto_decrement_credit": 1}), ("/free_minutes", {"free_minutes": 100}),
        ("/minimum_days", {"minimum_days": 3}), ("/minimum_days", {"did": "44123", "minimum_days": 3651}),
        ("/charge_from", {"charge_from": "x"}), ("/confirm_backlog", {"confirm_backlog": "true"}), ("/qty", {"qty": 2}),
    ],
)  # fmt: skip
def test_each_bad_field_is_named(api: httpx.Client, pointer: str, fields: dict[str, Any]) -> None:
    """contract: validation names every bad field; rules 1: quantity 1..1,000,000; rules 4: Minimum Days, Free Minutes."""
    customer = a_customer(api)
    assert pointers(assigning(api, customer, a_package(api), **fields)) == {pointer}
    assert pages(api, f"/customers/{customer}/assignments") == []


def test_all_faults_are_told_at_once(api: httpx.Client) -> None:
    """contract: unknown fields, faults of single fields and faults across fields together."""
    customer = a_customer(api)
    bad = {"end_date": day(-1), "quantity": 0, "minimum_days": 5, "zz": 1}
    assert pointers(assigning(api, customer, a_package(api), **bad)) == {"/end_date", "/quantity", "/minimum_days", "/zz"}
    assert pointers(api.post(f"/customers/{customer}/assignments", json={})) == {"/package_id", "/start_date"}


def test_a_package_is_assigned_in_its_currency_only(api: httpx.Client) -> None:
    """rules 2: a package is assignable only to a customer of the same currency."""
    assert pointers(assigning(api, a_customer(api, currency="EUR"), a_package(api))) == {"/package_id"}
    an_assignment(api, a_customer(api, currency="EUR"), a_package(api, currency="EUR"))


def test_an_unknown_package_is_a_bad_field(api: httpx.Client) -> None:
    """contract: 422 with the pointer."""
    assert pointers(assigning(api, a_customer(api), {"package_id": unique()})) == {"/package_id"}


def test_minutes_are_given_with_packages_of_minutes_and_no_others(api: httpx.Client) -> None:
    """rules 4: Free Minutes: required for such a package, refused for any other."""
    customer, minutes = a_customer(api), a_package(api, type="free_minutes", destination="^44")
    assert pointers(assigning(api, customer, minutes)) == {"/free_minutes"}
    assert pointers(assigning(api, customer, a_package(api), free_minutes=5)) == {"/free_minutes"}
    for bad in (0, -1, "5", 1.5, True):
        assert pointers(assigning(api, customer, minutes, free_minutes=bad)) == {"/free_minutes"}
    shown = an_assignment(api, customer, minutes, free_minutes=100)
    assert (shown["free_minutes"], shown["package"]["destination"]) == (100, "^44")


def test_an_amount_stays_below_a_thousand_billions(api: httpx.Client) -> None:
    """rules 2: unit price x quantity stays below 10^15."""
    customer, dear = a_customer(api), a_package(api, retail="999999999999.999999")
    assert pointers(assigning(api, customer, dear, quantity=1001)) == {"/quantity"}
    made = an_assignment(api, customer, dear, quantity=1000)
    assert pointers(api.patch(path(made), json={"quantity": 1001})) == {"/quantity"}
    assert run(api, customer, day())["totals"]["retail"] == "999999999999999.999"


def test_quantity_and_switches_change_at_any_time(api: httpx.Client) -> None:
    """rules 4: Edits: quantity, auto_decrement_credit and free_minutes at any time, for what is planned afterwards."""
    customer, package = a_customer(api), a_package(api, retail="2", frequency="daily")
    made = an_assignment(api, customer, package, start_date=day(-1))
    changed = ok(api.patch(path(made), json={"quantity": 5, "auto_decrement_credit": True}))
    assert (changed["quantity"], changed["auto_decrement_credit"], changed["version"]) == (5, True, made["version"] + 1)
    assert [entry["retail"] for entry in charges(api, customer)] == ["2.00"]
    assert run(api, customer, day())["totals"]["credit_debited"] == "10.00"
    back = ok(api.patch(path(made), json={"quantity": None, "auto_decrement_credit": None}))
    assert (back["quantity"], back["auto_decrement_credit"]) == (1, False)


def test_package_and_did_never_change(api: httpx.Client) -> None:
    """rules 4: Edits: of an assignment, package_id and did never change."""
    made = an_assignment(api, a_customer(api), a_package(api), did=unique_did())
    other = {"package_id": a_package(api)["package_id"], "did": unique_did()}
    assert pointers(api.patch(path(made), json=other)) == {"/package_id", "/did"}
    assert pointers(api.patch(path(made), json={"did": None})) == {"/did"}
    assert ok(api.patch(path(made), json={"package_id": made["package_id"], "did": made["did"]}))["version"] == made["version"]


def test_read_only_and_unknown_fields_are_refused_in_a_patch(api: httpx.Client) -> None:
    """contract: unknown fields are refused; all faults at once."""
    made = an_assignment(api, a_customer(api), a_package(api))
    patch = {"version": 9, "customer_id": "x", "quantity": 0, "end_date": day(-1)}
    assert pointers(api.patch(path(made), json=patch)) == {"/version", "/customer_id", "/quantity", "/end_date"}
    assert pointers(api.patch(path(made), json={"start_date": None})) == {"/start_date"}


def test_the_start_moves_only_while_nothing_is_charged(api: httpx.Client) -> None:
    """rules 4: Edits: start_date only while nothing is charged or drawn."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    made = an_assignment(api, customer, package, start_date=day(5))
    assert ok(api.patch(path(made), json={"start_date": day(3)}))["start_date"] == day(3)
    assert due_dates(run(api, customer, day(3))["lines"] and [{"date": day(3)}]) == [day(3)]
    moved = ok(api.patch(path(made), json={"start_date": day(-2)}))
    assert due_dates(charges(api, customer)) == [day(-2), day(-1)]
    problem(api.patch(path(moved), json={"start_date": day(-1)}), 409, "charged")
    problem(api.patch(path(moved), json={"charge_from": day(1)}), 409, "charged")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_stale_version_is_refused(api: httpx.Client, method: str) -> None:
    """contract: PATCH and DELETE honour If-Match (412)."""
    made = an_assignment(api, a_customer(api), a_package(api))
    stale = api.get(path(made)).headers["etag"]
    fresh = api.patch(path(made), json={"quantity": 2}).headers["etag"]
    body = {"quantity": 3} if method == "PATCH" else None
    problem(api.request(method, path(made), json=body, headers={"If-Match": stale}), 412, "version_mismatch")
    assert ok(api.get(path(made)))["quantity"] == 2
    assert api.request(method, path(made), json=body, headers={"If-Match": fresh}).status_code in (200, 204)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_anothers_or_no_assignment_is_not_found(api: httpx.Client, method: str) -> None:
    """contract: 404 not_found."""
    made, body = an_assignment(api, a_customer(api), a_package(api)), {"quantity": 2} if method == "PATCH" else None
    for customer, assignment_id in ((a_customer(api), made["assignment_id"]), (made["customer_id"], unique()), (unique(), unique())):
        problem(api.request(method, f"/customers/{customer}/assignments/{assignment_id}", json=body), 404, "not_found")


def test_a_did_has_one_customer_at_a_time(api: httpx.Client) -> None:
    """rules 1: DID: an assignment that overlaps another customer's on the same DID is did_in_use."""
    one, other, package, did = a_customer(api), a_customer(api), a_package(api), unique_did()
    first = an_assignment(api, one, package, did=did, end_date=day(5))
    an_assignment(api, one, package, did=did, end_date=day(3))  # its own customer may have it twice
    for start in (0, 5):
        problem(assigning(api, other, package, did=did, start_date=day(start)), 409, "did_in_use")
    problem(assigning(api, other, package, did=did, start_date=day(-1), end_date=day()), 409, "did_in_use")
    second = an_assignment(api, other, package, did=did, start_date=day(6))
    problem(api.patch(path(first), json={"end_date": None}), 409, "did_in_use")
    problem(api.patch(path(first), json={"end_date": day(6)}), 409, "did_in_use")
    problem(api.patch(path(second), json={"start_date": day(5)}), 409, "did_in_use")
    ok(api.patch(path(first), json={"end_date": day(4)}))
    ok(api.patch(path(second), json={"start_date": day(5)}))
    held = pages(api, f"/dids/{did}/assignments")
    assert [one["assignment_id"] for one in held][::2] == [first["assignment_id"], second["assignment_id"]]


def test_a_did_without_an_end_is_somebody_elses_from_then_on(api: httpx.Client) -> None:
    """contract: errors a person can read: no date stands for having no end."""
    other, package, did = a_customer(api), a_package(api), unique_did()
    made = an_assignment(api, other, package, did=did, start_date=day(5))
    told = problem(assigning(api, a_customer(api), package, did=did, start_date=day(9)), 409, "did_in_use")
    assert told["detail"] == f"DID {did} is another customer's from {day(5)} on: end it there first, or transfer the number"
    assert (told["customer_id"], told["assignment_id"], "free_from" in told) == (other, made["assignment_id"], False)
    ok(api.patch(path(made), json={"end_date": day(20)}))
    assert problem(assigning(api, a_customer(api), package, did=did, start_date=day(9)), 409, "did_in_use")["free_from"] == day(21)


def test_a_did_is_free_after_its_assignment_went(api: httpx.Client) -> None:
    """rules 4: Deleting: a removed or cancelled assignment holds its DID no more, an ended one from tomorrow."""
    one, other, package = a_customer(api), a_customer(api), a_package(api, retail="1")
    removed, cancelled, ended = unique_did(), unique_did(), unique_did()
    ok(api.delete(path(an_assignment(api, one, package, did=removed, start_date=day(2)))), 204)
    an_assignment(api, other, package, did=removed)
    charged = an_assignment(api, one, package, did=cancelled, start_date=day(2))
    run(api, one, day(2), live=True)
    ok(api.delete(path(charged)))
    an_assignment(api, other, package, did=cancelled)
    ok(api.delete(path(an_assignment(api, one, package, did=ended, start_date=day(-1)))), 204)
    problem(assigning(api, other, package, did=ended), 409, "did_in_use")
    an_assignment(api, other, package, did=ended, start_date=day(1))


def test_assignments_of_a_did(api: httpx.Client) -> None:
    """contract: GET /dids/{did}/assignments."""
    assert pages(api, f"/dids/{unique_did()}/assignments") == []
    for odd in ("12", "abc", "1" * 21, "44%2B12", "%2B44(0)20", "%2B"):
        problem(api.get(f"/dids/{odd}/assignments"), 404, "not_found")


def test_minimum_days_hold_an_assignment(api: httpx.Client) -> None:
    """rules 4: Minimum Days: it can't be deleted, nor end earlier (minimum_days, with the earliest date)."""
    customer, package = a_customer(api), a_package(api, minimum_days=10)
    made = an_assignment(api, customer, package, start_date=day(-1))
    for refused in (
        api.delete(path(made)),
        api.patch(path(made), json={"end_date": day(8)}),
        assigning(api, customer, package, end_date=day(9)),
    ):
        assert problem(refused, 409, "minimum_days")["earliest_end_date"] in (day(9), day(10))
    ok(api.patch(path(made), json={"end_date": day(9)}))
    problem(api.patch(path(made), json={"end_date": day(8)}), 409, "minimum_days")
    an_assignment(api, customer, package, end_date=day(10))


def test_minimum_days_are_copied_when_the_assignment_is_made(api: httpx.Client) -> None:
    """rules 4: Edits: minimum_days is copied to the assignment when it is made."""
    customer, package = a_customer(api), a_package(api, minimum_days=10)
    old = an_assignment(api, customer, package)
    ok(api.patch(f"/packages/{package['package_id']}", json={"minimum_days": 0}))
    assert ok(api.get(path(old)))["minimum_days"] == 10
    problem(api.delete(path(old)), 409, "minimum_days")
    ok(api.delete(path(an_assignment(api, customer, package))), 204)


def test_a_did_may_have_minimum_days_of_its_own(api: httpx.Client) -> None:
    """rules 4: Minimum Days: with no minimum on the package, one may be given on an assignment to a DID."""
    customer, bare, package = a_customer(api), a_package(api), a_package(api, minimum_days=10)
    made = an_assignment(api, customer, bare, did=unique_did(), minimum_days=4)
    assert made["minimum_days"] == 4
    assert problem(api.delete(path(made)), 409, "minimum_days")["earliest_end_date"] == day(4)
    assert pointers(assigning(api, customer, package, did=unique_did(), minimum_days=20)) == {"/minimum_days"}
    problem(assigning(api, customer, bare, did=unique_did(), minimum_days=4, end_date=day(3)), 409, "minimum_days")
    an_assignment(api, customer, bare, did=unique_did(), minimum_days=4, end_date=day(4))


def test_minimum_days_move_with_the_start(api: httpx.Client) -> None:
    """rules 4: Minimum Days count from the start date."""
    made = an_assignment(api, a_customer(api), a_package(api, minimum_days=10), start_date=day(1), end_date=day(11))
    problem(api.patch(path(made), json={"start_date": day(2)}), 409, "minimum_days")
    ok(api.patch(path(made), json={"start_date": day(2), "end_date": day(12)}))


def test_deleting_ends_today_and_keeps_the_history(api: httpx.Client) -> None:
    """rules 4: Deleting: ends it today; already ended: 204, nothing changes."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    made = an_assignment(api, customer, package, start_date=day(-2))
    ok(api.delete(path(made)), 204)
    ended = ok(api.get(path(made)))
    assert ended["end_date"] == day()
    ok(api.delete(path(made)), 204)
    assert ok(api.get(path(made))) == ended
    assert due_dates(charges(api, customer)) == [day(-2), day(-1)]
    assert len(run(api, customer, day())["lines"]) == 1  # the end date is included
    assert reason(api, made, day(1)) == f"ended on {day()}"


def test_deleting_one_that_has_not_begun_removes_it(api: httpx.Client) -> None:
    """rules 4: Deleting: one that has not begun, with nothing charged, is removed."""
    made = an_assignment(api, a_customer(api), a_package(api, retail="1"), start_date=day(1))
    ok(api.delete(path(made)), 204)
    problem(api.get(path(made)), 404, "not_found")
    problem(api.delete(path(made)), 404, "not_found")


def test_deleting_one_that_has_not_begun_but_is_charged_cancels_it(api: httpx.Client) -> None:
    """rules 4: Deleting: not begun but charged, it is cancelled: nothing more is due."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    made = an_assignment(api, customer, package, start_date=day(2))
    run(api, customer, day(2), live=True)
    ok(api.delete(path(made)))
    cancelled = ok(api.get(path(made)))
    assert cancelled["cancelled"] is True
    ok(api.delete(path(made)))
    assert ok(api.get(path(made))) == cancelled
    assert run(api, customer, day(3))["lines"] == []
    assert "cancelled" in reason(api, made, day(3))
    assert due_dates(charges(api, customer)) == [day(2)]
    problem(api.patch(path(made), json={"end_date": day(9)}), 409, "ended")


def test_b21_deleting_one_that_begins_today_removes_it_while_nothing_is_charged(api: httpx.Client) -> None:
    """rules 4: Deleting: begins today, nothing charged or drawn: removed; charged, it ends today."""
    customer, package = a_customer(api), a_package(api, retail="50", setup_retail="20")
    mistaken, charged = (an_assignment(api, customer, package) for _ in range(2))
    ok(api.delete(path(mistaken)), 204)
    problem(api.get(path(mistaken)), 404, "not_found")
    assert len(run(api, customer, day(), live=True)["lines"]) == 2
    ok(api.delete(path(charged)), 204)
    assert ok(api.get(path(charged)))["end_date"] == day()


def test_an_end_date_is_not_set_before_today_nor_changed_once_passed(api: httpx.Client) -> None:
    """rules 4: Edits: its end date can't be set before today, nor changed once it has passed (ended)."""
    customer, package = a_customer(api), a_package(api)
    running = an_assignment(api, customer, package, start_date=day(-5))
    problem(api.patch(path(running), json={"end_date": day(-1)}), 409, "ended")
    over = an_assignment(api, customer, package, start_date=day(-5), end_date=day(-1))
    for end_date in (day(3), None):
        problem(api.patch(path(over), json={"end_date": end_date}), 409, "ended")
    ok(api.patch(path(over), json={"quantity": 2}))
    ok(api.delete(path(over)), 204)
    assert ok(api.get(path(over)))["end_date"] == day(-1)
    assert ok(api.patch(path(running), json={"end_date": day()}))["end_date"] == day()


def test_what_was_due_before_today_is_posted_at_once(api: httpx.Client) -> None:
    """rules 5: Backlog is posted at once, through yesterday; up to 3 due dates without confirmation."""
    customer, package = a_customer(api), a_package(api, retail="2", setup_retail="5", frequency="daily")
    an_assignment(api, customer, package, start_date=day(-3))
    found = [(entry["kind"], entry["date"], entry["retail"]) for entry in charges(api, customer)]
    assert found == [
        ("setup", day(-3), "5.00"), ("recurring", day(-3), "2.00"), ("recurring", day(-2), "2.00"), ("recurring", day(-1), "2.00"),
    ]  # fmt: skip


def test_more_than_three_due_dates_want_confirmation(api: httpx.Client) -> None:
    """rules 5: Backlog: 409 backlog lists the due dates with their amounts."""
    customer, package = a_customer(api), a_package(api, cost="0.5", retail="2", setup_retail="5", frequency="daily")
    refused = problem(assigning(api, customer, package, start_date=day(-4), quantity=2), 409, "backlog")
    assert refused["backlog"][0] == {"due_date": day(-4), "kind": "setup", "cost": "0.00", "retail": "10.00"}
    assert refused["backlog"][1:] == [{"due_date": day(n), "kind": "recurring", "cost": "1.00", "retail": "4.00"} for n in range(-4, 0)]
    assert pages(api, f"/customers/{customer}/assignments") == []
    assert ledger(api, customer) == []
    an_assignment(api, customer, package, start_date=day(-4), quantity=2, confirm_backlog=True)
    assert due_dates(charges(api, customer)) == [day(-4), day(-4), day(-3), day(-2), day(-1)]


def test_more_than_400_due_dates_are_too_many(api: httpx.Client) -> None:
    """rules 5: Backlog: more than 400 due dates are backlog_too_long, confirmed or not."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    for confirm in (False, True):
        problem(assigning(api, customer, package, start_date=day(-401), confirm_backlog=confirm), 409, "backlog_too_long")
    an_assignment(api, customer, package, start_date=day(-400), confirm_backlog=True)
    assert due_dates(charges(api, customer)) == [day(n) for n in range(-400, 0)]


def test_an_edit_that_makes_days_due_anew_wants_confirmation_too(api: httpx.Client) -> None:
    """rules 5: Backlog: what is due before today when an assignment is created or changed."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    made = an_assignment(api, customer, package, start_date=day(1))
    problem(api.patch(path(made), json={"start_date": day(-5)}), 409, "backlog")
    assert ok(api.get(path(made)))["start_date"] == day(1)
    ok(api.patch(path(made), json={"start_date": day(-5), "confirm_backlog": True}))
    assert due_dates(charges(api, customer)) == [day(n) for n in range(-5, 0)]


def test_a_customer_taken_over_is_charged_from_then_on_only(api: httpx.Client) -> None:
    """rules 4: Edits: what is due before charge_from, setup included, was charged there; dates still count from the start."""
    customer = a_customer(api)
    package = a_package(api, retail="3", setup_retail="9", frequency="daily", minimum_days=3650)
    made = an_assignment(api, customer, package, start_date="2020-02-29", charge_from=day(-2))
    assert [(entry["kind"], entry["date"]) for entry in charges(api, customer)] == [("recurring", day(-2)), ("recurring", day(-1))]
    assert run(api, customer, day(-3))["lines"] == []
    assert "elsewhere" in reason(api, made, day(-3))
    assert problem(api.delete(path(made)), 409, "minimum_days")["earliest_end_date"] == "2030-02-26"


def test_a_take_over_keeps_the_rhythm_of_the_start_date(api: httpx.Client) -> None:
    """rules 3: dates are computed from the start date."""
    customer, package = a_customer(api), a_package(api, retail="3", frequency="quarterly")
    an_assignment(api, customer, package, start_date="2020-11-30", charge_from="2200-01-01")
    assert [len(run(api, customer, date)["lines"]) for date in ("2199-11-30", "2200-01-01", "2200-02-28", "2200-05-30")] == [0, 0, 1, 1]


def test_a_later_price_never_changes_a_posted_charge(api: httpx.Client) -> None:
    """rules 4: a charge keeps what it was computed from."""
    customer, package = a_customer(api), a_package(api, name="Old name", retail="1", frequency="daily")
    an_assignment(api, customer, package, start_date=day(-1), quantity=2)
    before = charges(api, customer)
    ok(api.patch(f"/packages/{package['package_id']}", json={"name": "New name", "retail": "7"}))
    assert charges(api, customer) == before
    computed_from = {name: before[0][name] for name in ("package_name", "unit_retail", "quantity", "retail", "period", "spend")}
    period = {"from": day(-1), "to": day(), "through": day(-1)}
    expected = {"package_name": "Old name", "unit_retail": "1.00", "quantity": 2, "retail": "2.00", "period": period, "spend": None}
    assert computed_from == expected
    assert "2 x 1.00 = 2.00" in before[0]["explanation"]
    line = run(api, customer, day())["lines"][0]
    assert (line["package_name"], line["retail"]) == ("New name", "14.00")
