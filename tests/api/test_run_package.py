"""Run Package over HTTP: simulations that write nothing, live runs that charge again or skip, run ids, reversals, all customers."""

import time
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.support import (
    Json,
    a_customer,
    a_package,
    an_assignment,
    balance,
    charges,
    contents,
    day,
    finished,
    later,
    ledger,
    multiply,
    ok,
    pages,
    path,
    pay,
    pointers,
    problem,
    run,
    unique,
    unique_did,
)
from tools.embedded import EmbeddedStack

REPORT = {
    "run_id", "simulate", "date", "customer", "generated_at", "lines", "not_due", "totals", "balance_before", "balance_after",
}  # fmt: skip
LINE = {
    "assignment_id", "package_id", "package_name", "did", "kind", "due_date", "period", "quantity", "unit_cost", "unit_retail", "spend",
    "cost", "retail", "margin", "auto_decrement_credit", "status", "already_charged", "explanation",
}  # fmt: skip


@pytest.fixture
def customer(api: httpx.Client) -> str:
    """A customer with a debited and an invoiced package, both with setup, due every day from tomorrow."""
    made = a_customer(api)
    for price, debits in (("4", True), ("7", False)):
        package = a_package(api, name=f"Plan {price}", retail=price, cost="1.5", setup_retail="1", frequency="daily")
        an_assignment(api, made, package, start_date=day(1), auto_decrement_credit=debits)
    return made


def statuses(report: Json) -> list[str]:
    return [line["status"] for line in report["lines"]]


def reverse(api: httpx.Client, report: Json) -> Json:
    return ok(api.post(f"/runs/{report['run_id']}/reversal"))


def reverse_in_background(api: httpx.Client, run_id: str) -> Json:
    """What the run says of its reversal once that is over."""
    answer = api.post(f"/runs/{run_id}/reversal")
    assert ok(answer, 202)["reversal"]["status"] in ("reversing", "reversed")
    where = answer.request.url.join(answer.headers["location"])
    assert where.path.endswith(f"/runs/{run_id}")
    deadline = time.monotonic() + 60
    while (reversal := ok(api.get(str(where)))["reversal"])["status"] == "reversing":
        assert time.monotonic() < deadline, f"the reversal does not finish: {reversal}"
        time.sleep(0.05)
    return reversal


def test_a_simulation_reports_what_a_live_run_charges(api: httpx.Client, customer: str) -> None:
    """rules 6: simulate yes: a report of what a live run charges; contract: Report."""
    pay(api, customer, "10")
    report = run(api, customer, day(1))
    assert report.keys() >= REPORT
    assert (report["run_id"], report["simulate"], report["date"], report["customer"]) == (None, True, day(1), customer)
    assert all(line.keys() >= LINE for line in report["lines"])
    assert [(line["kind"], line["retail"]) for line in report["lines"]] == [
        ("setup", "1.00"), ("setup", "1.00"), ("recurring", "4.00"), ("recurring", "7.00"),
    ]  # fmt: skip
    assert set(statuses(report)) == {"simulated"}
    assert report["totals"] == {
        "cost": "3.00",
        "retail": "13.00",
        "margin": "10.00",
        "credit_debited": "5.00",
        "held": "0.00",
        "below_cost": 0,
    }
    assert (report["balance_before"], report["balance_after"]) == ("10.00", "5.00")


def test_simulate_and_date_have_defaults(api: httpx.Client) -> None:
    """rules 6: simulate defaults to yes, date to today."""
    customer = a_customer(api)
    report = ok(api.post("/runs", json={"customer": customer}))
    assert (report["simulate"], report["date"]) == (True, day())


@pytest.mark.parametrize(
    ("spelled", "simulates"), [(True, True), ("yes", True), ("true", True), (False, False), ("no", False), ("false", False)]
)
def test_simulate_takes_true_false_yes_and_no(api: httpx.Client, spelled: Any, simulates: bool) -> None:
    """rules 6: simulate takes true/false and yes/no."""
    report = ok(api.post("/runs", json={"customer": a_customer(api), "simulate": spelled}))
    assert report["simulate"] is simulates
    assert (report["run_id"] is None) is simulates


def test_a_bad_run_is_refused_with_every_bad_field(api: httpx.Client) -> None:
    """contract: every bad field at once."""
    body = {"customer": 5, "simulate": "maybe", "date": "2026-02-30", "run_id": "a b", "if_charged": "no", "dry": True}
    assert pointers(api.post("/runs", json=body)) == {f"/{name}" for name in body}
    values: list[Any] = [1, 0, "", None, [], "y"]
    for value in values:
        assert pointers(api.post("/runs", json={"customer": a_customer(api), "simulate": value})) == {"/simulate"}
    problem(api.post("/runs", json={"customer": unique()}), 404, "not_found")
    problem(api.post("/runs", json={"customer": unique(), "simulate": False}), 404, "not_found")


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "simulating"}])
def test_a_simulation_writes_nothing(api: httpx.Client, stack: EmbeddedStack, customer: str, headers: dict[str, str]) -> None:
    """rules 6: simulate yes writes nothing; contract: it ignores Idempotency-Key."""
    before = contents(stack)
    for body in ({"customer": customer, "date": day(1)}, {"customer": customer, "date": day(1), "run_id": unique()}, {"date": day(1)}):
        for if_charged in ("skip", "charge_again"):
            ok(api.post("/runs", json=body | {"if_charged": if_charged}, headers=headers))
    assert contents(stack) == before


def test_a_live_run_posts_and_records(api: httpx.Client, customer: str) -> None:
    """rules 6: simulate no: posts the charges due on that date; contract: GET /runs/{run_id}."""
    report = run(api, customer, day(1), live=True)
    assert set(statuses(report)) == {"posted"}
    assert report["simulate"] is False
    assert report["run_id"]
    assert (report["balance_before"], report["balance_after"]) == ("0.00", "-5.00")
    assert balance(api, customer) == -5
    found = charges(api, customer)
    assert {entry["run_id"] for entry in found} == {report["run_id"]}
    assert [entry["date"] for entry in found] == [day(1)] * 4
    shown = ok(api.get(f"/runs/{report['run_id']}"))
    assert (shown["status"], shown["lines"], shown["totals"]) == ("finished", report["lines"], report["totals"])
    assert shown["segments_done"] == shown["segments"] == 1
    assert pages(api, f"/runs/{report['run_id']}/lines", 2) == report["lines"]
    assert report["run_id"] in [one["run_id"] for one in pages(api, "/runs")]


def test_a_charge_already_posted_is_charged_again(api: httpx.Client, customer: str) -> None:
    """rules 6: a charge already posted is charged again, setup included, as a separate charge marked repeat."""
    run(api, customer, day(1), live=True)
    foretold = run(api, customer, day(1))
    assert (set(statuses(foretold)), {line["already_charged"] for line in foretold["lines"]}) == ({"simulated"}, {True})
    again = run(api, customer, day(1), live=True)
    assert set(statuses(again)) == {"repeat"}
    assert again["totals"] == foretold["totals"]
    assert (again["totals"]["retail"], again["balance_after"]) == ("13.00", "-10.00")
    run(api, customer, day(1), live=True)
    found = charges(api, customer)
    assert [entry["repeat"] for entry in found].count(True) == 8
    assert len({entry["run_id"] for entry in found}) == 3
    assert balance(api, customer) == -15


def test_skipping_leaves_what_is_charged_alone(api: httpx.Client, customer: str) -> None:
    """rules 6: with if_charged skip it is left alone; totals are what the run charges."""
    run(api, customer, day(1), live=True)
    late = an_assignment(api, customer, a_package(api, retail="2"), start_date=day(1), auto_decrement_credit=True)
    foretold = run(api, customer, day(1), if_charged="skip")
    report = run(api, customer, day(1), live=True, if_charged="skip")
    assert sorted(statuses(foretold)) == ["simulated", "skipped", "skipped", "skipped", "skipped"]
    assert sorted(statuses(report)) == ["posted", "skipped", "skipped", "skipped", "skipped"]
    assert next(line for line in report["lines"] if line["status"] == "posted")["assignment_id"] == late["assignment_id"]
    for one in (foretold, report):
        assert (one["totals"]["retail"], one["totals"]["credit_debited"], one["balance_after"]) == ("2.00", "2.00", "-7.00")
    assert balance(api, customer) == -7


def test_the_same_run_id_answers_with_the_first_report(api: httpx.Client, customer: str) -> None:
    """rules 6: the same run_id again answers with the first report."""
    run_id = unique("run")
    first = run(api, customer, day(1), live=True, run_id=run_id)
    an_assignment(api, customer, a_package(api, retail="9"), start_date=day(1))
    pay(api, customer, "50")
    assert run(api, customer, day(1), live=True, run_id=run_id) == first
    assert first["run_id"] == run_id
    assert len(charges(api, customer)) == 4


def test_the_same_run_id_with_other_content_is_refused(api: httpx.Client, customer: str) -> None:
    """rules 6: with other content it is refused."""
    run_id = unique("run")
    run(api, customer, day(1), live=True, run_id=run_id)
    body = {"customer": customer, "date": day(1), "simulate": False, "run_id": run_id}
    for other in ({"date": day(2)}, {"if_charged": "skip"}, {"customer": a_customer(api)}, {"customer": None, "if_charged": "skip"}):
        problem(api.post("/runs", json=body | other), 409, "run_id_reused")
    assert len(charges(api, customer)) == 4


def test_a_live_run_posts_what_was_seen_or_nothing(api: httpx.Client, customer: str) -> None:
    """rules 6: expect: DIGEST; 409 differs with the report as it is now, nothing is posted, no run is recorded."""
    seen = run(api, customer, day(1))
    assert ok(api.post("/runs/simulations", json={"customer": customer, "date": day(1)}))["digest"] == seen["digest"]
    an_assignment(api, customer, a_package(api, retail="9"), start_date=day(1))
    body = {"customer": customer, "date": day(1), "simulate": False, "run_id": unique("run"), "expect": seen["digest"]}
    refused = problem(api.post("/runs", json=body), 409, "differs")
    problem(api.get(f"/runs/{body['run_id']}"), 404)
    assert charges(api, customer) == []
    now = run(api, customer, day(1))
    assert refused["report"] | {"generated_at": ""} == now | {"generated_at": ""}
    done = ok(api.post("/runs", json=body | {"expect": now["digest"]}))
    assert (done["digest"], len(done["lines"])) == (now["digest"], len(now["lines"])) == (now["digest"], 5)
    assert ok(api.post("/runs", json=body | {"expect": now["digest"]})) == done
    problem(api.post("/runs", json=body), 409, "differs")


@pytest.mark.parametrize(
    "body",
    [
        {"simulate": True, "customer": "acme"},
        {"simulate": False, "if_charged": "skip"},
        {"simulate": False, "customer": "acme", "expect": "x"},
    ],
    ids=["a simulation", "all customers", "no digest"],
)
def test_what_was_seen_is_said_by_a_digest_of_one_customer(api: httpx.Client, body: Json) -> None:
    assert pointers(api.post("/runs", json={"date": day(1), "expect": "a" * 64} | body)) == {"/expect"}


def test_a_reversal_is_the_opposite_once(api: httpx.Client, customer: str) -> None:
    """rules 6: reversal posts the opposite of each charge, once, dated today, naming what it reverses; again it answers as first."""
    report = run(api, customer, day(1), live=True)
    posted = {entry["entry_id"]: entry for entry in charges(api, customer)}
    first = reverse(api, report)
    assert reverse(api, report) == first
    undone = [entry for entry in ledger(api, customer) if entry["kind"] == "reversal"]
    assert {entry["reverses"] for entry in undone} == posted.keys()
    for entry in undone:
        reversed_charge = posted[entry["reverses"]]
        assert entry["date"] == day()
        for name in ("retail", "cost", "credit_change"):
            assert Decimal(entry[name]) == -Decimal(reversed_charge[name])
    assert balance(api, customer) == 0
    assert charges(api, customer) == [
        one | {"version": 2, "credited_retail": one["retail"], "credited_cost": one["cost"], "voided": True} for one in posted.values()
    ]


def test_a_reversed_charge_can_be_charged_again_as_a_repeat(api: httpx.Client, customer: str) -> None:
    """rules 6: a reversed charge does not stand; Run Package charges it again, once, as a repeat."""
    for if_charged in ("skip", "charge_again"):
        reverse(api, run(api, customer, day(1), live=True))
        again = run(api, customer, day(1), live=True, if_charged=if_charged)
        assert set(statuses(again)) == {"repeat"}
        assert set(statuses(run(api, customer, day(1), live=True, if_charged="skip"))) == {"skipped"}
        reverse(api, again)
        assert balance(api, customer) == 0


def test_a_reversal_cancels_what_the_run_left_held(api: httpx.Client) -> None:
    """rules 6: ... and cancels those still held."""
    poor = a_customer(api, debit_limit="4")
    for price in ("4", "3"):
        an_assignment(api, poor, a_package(api, retail=price), start_date=day(1), auto_decrement_credit=True)
    report = run(api, poor, day(1), live=True)
    assert statuses(report) == ["posted", "held"]
    told = reverse(api, report)
    assert (len(told["reversals"]), len(told["cancelled"])) == (1, 1)
    assert [entry["status"] for entry in charges(api, poor)] == ["posted", "cancelled"]
    assert pages(api, "/held", customer=poor) == []
    assert ok(api.get(f"/customers/{poor}"))["held_charges"] == 0
    assert balance(api, poor) == 0


def test_c_a_reversal_lists_what_it_cancelled_and_nothing_that_others_did(api: httpx.Client) -> None:
    """rules 6: a second call answers as the first, and what somebody wrote off before is not the reversal's."""
    poor = a_customer(api, debit_limit="4")
    for price in ("4", "3", "2"):
        an_assignment(api, poor, a_package(api, retail=price), start_date=day(1), auto_decrement_credit=True)
    report = run(api, poor, day(1), live=True)
    written_off, left = pages(api, "/held", customer=poor)
    ok(api.post(f"/held/{written_off['entry_id']}/cancellation"))
    told = reverse(api, report)
    assert [entry["entry_id"] for entry in told["cancelled"]] == [left["entry_id"]]
    assert reverse(api, report) == told


def test_a_held_charge_posted_later_is_reversed_too(api: httpx.Client) -> None:
    """rules 6: posts the opposite of each charge of the run; held ones that were posted meanwhile are charges."""
    poor = a_customer(api, debit_limit="0")
    an_assignment(api, poor, a_package(api, retail="3"), start_date=day(1), auto_decrement_credit=True)
    held = run(api, poor, day(1), live=True)
    pay(api, poor, "3")
    later_run = run(api, poor, day(1), live=True, if_charged="skip")
    assert (statuses(held), statuses(later_run)) == (["held"], ["posted"])
    reverse(api, later_run)
    reverse(api, held)
    assert [entry["credit_change"] for entry in ledger(api, poor)].count("3.00") == 2  # the payment, and one reversal
    assert balance(api, poor) == 3


def test_what_cannot_be_reversed(api: httpx.Client) -> None:
    """contract: 404, and a reversal takes no body."""
    problem(api.post(f"/runs/{unique()}/reversal"), 404, "not_found")
    empty = run(api, a_customer(api), day(), live=True)
    assert reverse(api, empty)["reversals"] == []
    problem(api.post(f"/runs/{empty['run_id']}/reversal", json={"date": day()}), 422)


def test_held_lines_show_in_a_simulation(api: httpx.Client) -> None:
    """rules 6: line status held (in a simulation too); held lines are totalled apart."""
    poor = a_customer(api, debit_limit="5")
    for price in ("4", "3", "1"):
        an_assignment(api, poor, a_package(api, retail=price, cost="1"), auto_decrement_credit=True)
    report = run(api, poor, day())
    assert statuses(report) == ["simulated", "held", "simulated"]
    assert report["totals"] == {
        "cost": "2.00",
        "retail": "5.00",
        "margin": "3.00",
        "credit_debited": "5.00",
        "held": "3.00",
        "below_cost": 0,
    }
    assert report["balance_after"] == "-5.00"


def test_each_assignment_without_a_line_says_why(api: httpx.Client) -> None:
    """rules 6: or why there are none (starts on, next due, ended on)."""
    customer = a_customer(api)
    monthly = a_package(api, retail="1", frequency="monthly", frequency_match=[15])
    cases = {
        "future": an_assignment(api, customer, monthly, start_date="2031-02-01"),
        "waiting": an_assignment(api, customer, monthly, start_date="2030-01-01"),
        "ended": an_assignment(api, customer, monthly, start_date="2030-01-01", end_date="2030-06-30"),
        "taken over": an_assignment(api, customer, monthly, start_date="2030-01-01", charge_from="2031-03-01"),
        "once": an_assignment(api, customer, a_package(api, retail="1"), start_date="2030-01-01"),
        "free": an_assignment(api, customer, a_package(api, frequency="daily"), start_date="2030-01-01"),
    }
    names = {one["assignment_id"]: name for name, one in cases.items()}
    report = run(api, customer, "2031-01-10")
    reasons = {names[one["assignment_id"]]: one["reason"] for one in report["not_due"]}
    assert report["lines"] == []
    assert reasons.keys() == cases.keys()
    assert reasons["future"] == "starts on 2031-02-01"
    assert reasons["waiting"] == "next due 2031-01-15"
    assert reasons["ended"] == "ended on 2030-06-30"
    assert "2031-03-01" in reasons["taken over"]
    assert "2030-01-01" in reasons["once"]
    assert "zero" in reasons["free"]


def test_it_looks_at_that_one_date_only(api: httpx.Client) -> None:
    """rules 6: it looks at the charges due on that one date."""
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, retail="1", frequency="monthly", frequency_match=[15, 31]), start_date="2032-01-01")
    due = {one: len(run(api, customer, one)["lines"]) for one in ("2032-02-14", "2032-02-15", "2032-02-28", "2032-02-29", "2032-03-01")}
    assert due == {"2032-02-14": 0, "2032-02-15": 1, "2032-02-28": 0, "2032-02-29": 1, "2032-03-01": 0}
    line = run(api, customer, "2032-02-29")["lines"][0]
    assert "15 and 31" in line["explanation"]
    assert "31" in line["explanation"].partition("February")[2]


def test_lines_carry_quantity_and_did(api: httpx.Client) -> None:
    """rules 4: cost and retail x quantity."""
    customer, did = a_customer(api), unique_did()
    an_assignment(api, customer, a_package(api, retail="1.25", cost="0.75"), did=did, quantity=4)
    (line,) = run(api, customer, day())["lines"]
    shown = {name: line[name] for name in ("did", "quantity", "unit_cost", "unit_retail", "cost", "retail", "margin", "period", "spend")}
    assert shown == {
        "did": did, "quantity": 4, "unit_cost": "0.75", "unit_retail": "1.25", "cost": "3.00", "retail": "5.00", "margin": "2.00",
        "period": None, "spend": None,
    }  # fmt: skip


def test_a_line_of_cost_alone_is_made_and_an_empty_one_is_not(api: httpx.Client) -> None:
    """rules 4: a line whose cost and retail are both zero is not made."""
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, cost="2", setup_cost="0", frequency="daily"), auto_decrement_credit=True)
    report = run(api, customer, day(), live=True)
    assert [(line["kind"], line["cost"], line["retail"], line["margin"]) for line in report["lines"]] == [
        ("recurring", "2.00", "0.00", "-2.00")
    ]
    assert balance(api, customer) == 0


ALL_FROM = date(2900, 1, 1).isoformat()
"""Runs of all customers are made for days that no other test looks at."""


def all_customers(api: httpx.Client, offset: int) -> tuple[str, dict[str, str], dict[str, str]]:
    """A day of its own, two customers by currency, and their packages, due once on that day."""
    on = later(ALL_FROM, offset)
    customers = {currency: a_customer(api, currency=currency) for currency in ("USD", "EUR")}
    packages = {}
    for currency, customer in customers.items():
        package = a_package(api, name=f"All {currency}", currency=currency, cost="1", retail="3")
        an_assignment(api, customer, package, start_date=on, quantity=2, auto_decrement_credit=True)
        packages[currency] = package["package_id"]
    return on, customers, packages


def sums(report: Json, group: str, key: str) -> dict[str, tuple[str, str, str, str]]:
    return {one[key]: tuple(one[name] for name in ("cost", "retail", "margin", "credit_debited")) for one in report[group]}


def test_a_simulation_of_all_customers_sums_up(api: httpx.Client) -> None:
    """rules 6: without customer: all customers; simulated, it answers totals by package and by customer."""
    on, customers, packages = all_customers(api, 0)
    report = ok(api.post("/runs", json={"date": on}))
    assert (report["run_id"], report["simulate"], report["customer"], report["date"]) == (None, True, None, on)
    assert "lines" not in report
    for currency in ("USD", "EUR"):
        expected = ("2.00", "6.00", "4.00", "6.00")
        assert sums(report, "by_package", "package_id")[packages[currency]] == expected
        assert sums(report, "by_customer", "customer")[customers[currency]] == expected
    assert all(charges(api, customer) == [] for customer in customers.values())
    assert len(report["by_customer"]) <= 200
    retails = [Decimal(one["retail"]) for one in report["by_customer"]]
    assert retails == sorted(retails, reverse=True)


def test_a_live_run_of_all_customers_says_what_to_do_with_charged_ones(api: httpx.Client) -> None:
    """rules 6: live, it needs an explicit if_charged."""
    assert pointers(api.post("/runs", json={"simulate": False, "date": later(ALL_FROM, 1)})) == {"/if_charged"}


def test_a_live_run_of_all_customers_goes_on_in_the_background(api: httpx.Client) -> None:
    """contract: without customer: 202, then poll."""
    on, customers, packages = all_customers(api, 2)
    body = {"simulate": False, "if_charged": "charge_again", "date": on, "run_id": unique("all")}
    answer = api.post("/runs", json=body)
    started = ok(answer, 202)
    assert answer.headers["location"].endswith(f"runs/{started['run_id']}")
    report = finished(api, started["run_id"])
    assert (report["status"], report["failures"]) == ("finished", [])
    for currency, customer in customers.items():
        assert [entry["run_id"] for entry in charges(api, customer)] == [started["run_id"]]
        assert balance(api, customer) == -6
        assert sums(report, "by_package", "package_id")[packages[currency]] == ("2.00", "6.00", "4.00", "6.00")
        assert sums(report, "by_customer", "customer")[customer] == ("2.00", "6.00", "4.00", "6.00")
    assert {line["customer"] for line in pages(api, f"/runs/{started['run_id']}/lines", 3)} >= set(customers.values())
    again = api.post("/runs", json=body)
    assert (again.status_code, again.json()["run_id"]) == (200, started["run_id"])
    skipping = ok(api.post("/runs", json=body | {"if_charged": "skip", "run_id": unique("all")}), 202)
    assert finished(api, skipping["run_id"])["lines_posted"] == 0
    repeating = ok(api.post("/runs", json=body | {"run_id": unique("all")}), 202)
    finished(api, repeating["run_id"])
    assert [entry["repeat"] for entry in charges(api, customers["USD"])] == [False, True]
    assert reverse_in_background(api, repeating["run_id"])["reversals"] >= len(customers)
    assert balance(api, customers["EUR"]) == -6


def test_b11_a_run_of_all_customers_is_reversed_in_the_background(api: httpx.Client) -> None:
    """rules 6: 202, then poll; asked again, it answers as first and does nothing twice."""
    on, customers, _ = all_customers(api, 3)
    body = {"simulate": False, "if_charged": "skip", "date": on, "run_id": unique("all")}
    run_id = finished(api, ok(api.post("/runs", json=body), 202)["run_id"])["run_id"]
    reversal = reverse_in_background(api, run_id)
    assert (reversal["status"], reversal["failures_total"]) == ("reversed", 0)
    assert reversal["reversals"] >= len(customers)
    assert ok(api.post(f"/runs/{run_id}/reversal"), 202)["reversal"] == reversal
    for customer in customers.values():
        assert [entry["kind"] for entry in ledger(api, customer)].count("reversal") == 1
        assert balance(api, customer) == 0


def test_a_live_run_of_many_lines_goes_on_in_the_background(api: httpx.Client, stack: EmbeddedStack) -> None:
    """contract: live with more than 500 lines: 202, then poll; a report carries at most 1,000 lines, the rest by cursor."""
    customer, package = a_customer(api), a_package(api, retail="0.01", setup_retail="0.02", frequency="daily")
    multiply(stack, an_assignment(api, customer, package, start_date=day(1), auto_decrement_credit=True), 500)
    small = run(api, customer, day(2), live=True)
    assert (small["status"], len(small["lines"]), small["balance_after"]) == ("finished", 500, "-5.00")
    multiply(stack, an_assignment(api, customer, package, start_date=day(1)), 101)
    foretold = run(api, customer, day(1))
    assert (len(foretold["lines"]), foretold["lines_left_out"]) == (1000, 202)
    started = ok(api.post("/runs", json={"customer": customer, "date": day(1), "simulate": False}), 202)
    report = finished(api, started["run_id"])
    assert (len(report["lines"]), report["lines_left_out"]) == (1000, 202)
    assert report["totals"] == foretold["totals"]
    assert (report["totals"]["retail"], report["totals"]["credit_debited"]) == ("18.03", "15.00")
    lines = pages(api, f"/runs/{started['run_id']}/lines", 197)
    assert (lines[:1000], len(lines)) == (report["lines"], 1202)
    assert balance(api, customer) == -20
    assert len(charges(api, customer)) == 1702
    assert reverse_in_background(api, report["run_id"])["reversals"] == 1202
    assert balance(api, customer) == -5


def test_ended_and_edited_assignments_are_run_as_they_are(api: httpx.Client, customer: str) -> None:
    """rules 3: start date <= date <= end date, both inclusive."""
    made = an_assignment(api, customer, a_package(api, retail="1", frequency="daily"), start_date=day(1), end_date=day(2))
    counts = [sum(line["assignment_id"] == made["assignment_id"] for line in run(api, customer, day(n))["lines"]) for n in range(4)]
    assert counts == [0, 1, 1, 0]
    ok(api.patch(path(made), json={"end_date": day(3)}))
    assert len(run(api, customer, day(3))["lines"]) == 3
