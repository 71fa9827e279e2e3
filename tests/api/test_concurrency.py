"""Two dozen writers at once: every charge once, every payment once, one owner of a DID, and a balance that the ledger explains."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from tests.api.support import (
    CONCURRENT,
    Json,
    a_customer,
    a_package,
    an_assignment,
    assigning,
    at_once,
    balance,
    charges,
    day,
    evaluate,
    finished,
    ledger,
    multiply,
    ok,
    once_answered,
    pages,
    path,
    pay,
    problem,
    run,
    unique_did,
)
from tools.embedded import EmbeddedStack

DEBITED = ("1.10", "2.25", "4.000001")
INVOICED = ("3.00", "5.00")
CREDITS = 64
MANY = 200
"""So many lines that runs which begin at once are under way at once."""
FITTING = 31
"""How many credits of 0.95 fit into a charge of 29.95."""


def a_busy_customer(api: httpx.Client, **fields: str) -> str:
    """A customer with assignments that debit and assignments that don't, each with a setup, from tomorrow."""
    customer = a_customer(api, **fields)
    for prices, debits in ((DEBITED, True), (INVOICED, False)):
        for price in prices:
            package = a_package(api, retail=price, setup_retail="0.50", cost="1", frequency="daily")
            an_assignment(api, customer, package, start_date=day(1), auto_decrement_credit=debits)
    return customer


def once_each(entries: list[Json]) -> bool:
    """Whether no assignment is charged twice for one kind and date."""
    counted = Counter((entry["assignment_id"], entry["kind"], entry["date"]) for entry in entries)
    return set(counted.values()) == {1}


def test_live_runs_at_once_post_each_charge_once(api: httpx.Client) -> None:
    """rules 5: a charge is posted once however concurrently; rules 6: if_charged skip leaves it alone."""
    customer = a_busy_customer(api)
    reports = at_once(lambda _: run(api, customer, day(1), live=True, if_charged="skip"))
    found = charges(api, customer)
    assert len(found) == 2 * (len(DEBITED) + len(INVOICED))
    assert once_each(found)
    assert {(entry["status"], entry["repeat"]) for entry in found} == {("posted", False)}
    assert balance(api, customer) == -sum(map(Decimal, DEBITED)) - 3 * Decimal("0.50")
    lines = [line for report in reports for line in report["lines"]]
    assert len(lines) == CONCURRENT * len(found)
    assert {line["status"] for line in lines} <= {"posted", "already_charged", "skipped"}
    assert sum(line["status"] == "posted" for line in lines) == len(found)
    assert sum(Decimal(report["totals"]["retail"]) for report in reports) == sum(Decimal(entry["retail"]) for entry in found)


def test_a_limit_is_kept_by_runs_at_once(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: a charge that would pass the limit is held, never dropped and never charged twice."""
    customer = a_busy_customer(api, debit_limit="5")
    at_once(lambda _: run(api, customer, day(1), live=True, if_charged="skip"))
    found = charges(api, customer)
    assert once_each(found)
    assert len(found) == 2 * (len(DEBITED) + len(INVOICED))
    held = [entry for entry in found if entry["status"] == "held"]
    assert held
    assert balance(api, customer) >= -5
    assert ok(api.get(f"/customers/{customer}"))["held_charges"] == len(held)
    assert len(pages(api, "/held", customer=customer)) == len(held)
    pay(api, customer, "100")
    at_once(lambda _: run(api, customer, day(1), live=True, if_charged="skip"))
    assert charges(api, customer) != found
    assert {entry["status"] for entry in charges(api, customer)} == {"posted"}
    assert once_each(charges(api, customer))
    assert balance(api, customer) == 100 - sum(map(Decimal, DEBITED)) - 3 * Decimal("0.50")
    assert ok(api.get(f"/customers/{customer}"))["held_charges"] == 0


def test_repeats_at_once_charge_once_a_run(api: httpx.Client) -> None:
    """rules 6: a repeat's identity is the charge's and the run_id."""
    customer = a_busy_customer(api)
    run(api, customer, day(1), live=True)
    reports = at_once(lambda n: run(api, customer, day(1), live=True, run_id=f"{customer}-{n % 4}"))
    assert len({report["run_id"] for report in reports}) == 4
    found = charges(api, customer)
    assert len(found) == 10 + 4 * 10
    assert Counter((entry["assignment_id"], entry["kind"], entry["run_id"]) for entry in found).most_common(1)[0][1] == 1
    assert {line["status"] for report in reports for line in report["lines"]} == {"repeat"}
    assert balance(api, customer) == -5 * (sum(map(Decimal, DEBITED)) + Decimal("1.50"))


def test_the_same_run_at_once_answers_the_same(api: httpx.Client) -> None:
    """rules 6: the same run_id again completes an interrupted run and otherwise answers with the first report."""
    customer = a_busy_customer(api)
    reports = at_once(lambda _: run(api, customer, day(1), live=True, run_id=customer))
    assert all(report["lines"] == reports[0]["lines"] for report in reports)
    assert {line["status"] for line in reports[0]["lines"]} == {"posted"}
    assert once_each(charges(api, customer))
    assert balance(api, customer) == -(sum(map(Decimal, DEBITED)) + Decimal("1.50"))


def test_runs_and_the_daily_evaluation_at_once_post_each_charge_once(own_api: httpx.Client, own_stack: EmbeddedStack) -> None:
    """rules 5: a charge is posted once from wherever it is evaluated."""
    customers = [a_busy_customer(own_api) for _ in range(4)]

    def work(n: int) -> None:
        if n % 6 == 0:
            own_stack.invoke("evaluate_due_charges", {"date": day(1), "allow_future": True})
        else:
            run(own_api, customers[n % 4], day(1), live=True, if_charged="skip")

    at_once(work)
    finished(own_api, f"daily:{day(1)}")
    evaluate(own_stack, own_api, day(1))
    for customer in customers:
        found = charges(own_api, customer)
        assert len(found) == 10
        assert once_each(found)
        assert balance(own_api, customer) == -(sum(map(Decimal, DEBITED)) + Decimal("1.50"))
        assert {line["status"] for line in run(own_api, customer, day(1), live=True, if_charged="skip")["lines"]} == {"skipped"}


def test_evaluations_at_once_post_each_charge_once(own_api: httpx.Client, own_stack: EmbeddedStack) -> None:
    """rules 5: posted once however often and however concurrently it is evaluated; missed days on their own dates."""
    customers = [a_busy_customer(own_api, debit_limit="9") for _ in range(3)]
    at_once(lambda n: own_stack.invoke("evaluate_due_charges", {"date": day(2 + n % 3), "allow_future": True}), 9)
    for offset in (2, 3, 4):
        finished(own_api, f"daily:{day(offset)}")
    evaluate(own_stack, own_api, day(4))
    for customer in customers:
        found = charges(own_api, customer)
        assert once_each(found)
        assert len(found) == 5 + 4 * 5
        assert -9 <= balance(own_api, customer) < 0
        assert {entry["status"] for entry in found if entry["auto_decrement_credit"]} == {"posted", "held"}


def test_payments_at_once_all_count(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: balance always equals the ledger's sum."""
    customer = a_customer(api)
    at_once(lambda n: pay(api, customer, f"{n + 1}.000001"))
    assert balance(api, customer) == Decimal("300.000024")


def test_payments_and_runs_at_once_all_count(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: the debit and its charge are one atomic write."""
    customer = a_busy_customer(api, debit_limit="0")

    def work(n: int) -> None:
        if n % 2:
            pay(api, customer, "1")
        else:
            run(api, customer, day(1), live=True, if_charged="skip")

    at_once(work)
    assert balance(api, customer) >= 0
    run(api, customer, day(1), live=True, if_charged="skip")
    assert once_each(charges(api, customer))
    assert balance(api, customer) == 12 - sum(map(Decimal, DEBITED)) - Decimal("1.50")


def test_one_did_gets_one_owner(api: httpx.Client) -> None:
    """rules 1: DID: it has one customer at a time."""
    customers, package, did = (a_customer(api), a_customer(api)), a_package(api), unique_did()
    answers = at_once(lambda n: assigning(api, customers[n % 2], package, did=did))
    assert {answer.status_code for answer in answers} == {201, 409}
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "did_in_use")
    owners = {one["customer_id"] for one in pages(api, f"/dids/{did}/assignments")}
    assert len(owners) == 1
    assert sum(answer.status_code == 201 for answer in answers) == CONCURRENT // 2
    assert sum(len(pages(api, f"/customers/{customer}/assignments")) for customer in customers) == CONCURRENT // 2


def test_a_package_is_deleted_or_assigned_but_not_both(api: httpx.Client) -> None:
    """rules 4: Deleting: creating an assignment checks in its own transaction that the package is there."""
    customer = a_customer(api)
    for _ in range(3):
        package = a_package(api)

        def work(n: int, package: Json = package) -> httpx.Response:
            if n % 2:
                return api.delete(f"/packages/{package['package_id']}")
            return assigning(api, customer, package)

        answers = at_once(work, 8)
        assert {answer.status_code for answer in answers[1::2]} <= {204, 404, 409}
        made = [answer for answer in answers[::2] if answer.status_code == 201]
        gone = api.get(f"/packages/{package['package_id']}").status_code == 404
        assert bool(made) is not gone
        assert {answer.status_code for answer in answers[::2]} <= {201, 422}


def test_a_customer_is_deleted_or_has_history_but_not_both(api: httpx.Client) -> None:
    """contract: DELETE only without history."""
    package = a_package(api)
    for _ in range(4):
        customer = a_customer(api)

        def work(n: int, customer: str = customer) -> int:
            if n % 3 == 0:
                return assigning(api, customer, package).status_code
            if n % 3 == 1:
                return api.post(f"/customers/{customer}/payments", json={"amount": "1"}).status_code
            return api.delete(f"/customers/{customer}").status_code

        answers = at_once(work, 9)
        gone = api.get(f"/customers/{customer}").status_code == 404
        assert set(answers[2::3]) <= ({204, 404} if gone else {409})
        assert {*answers[0::3], *answers[1::3]} == ({404} if gone else {201})


def test_edits_at_once_with_if_match_let_one_win(api: httpx.Client) -> None:
    """contract: If-Match (412)."""
    customer = a_customer(api)
    made = an_assignment(api, customer, a_package(api))
    for where, body in ((f"/customers/{customer}", "name"), (path(made), "quantity"), (f"/packages/{made['package_id']}", "description")):
        tag = {"If-Match": api.get(where).headers["etag"]}
        value = (lambda n: n + 2) if body == "quantity" else str

        def work(n: int, where: str = where, body: str = body, tag: dict[str, str] = tag, value: Callable[[int], Any] = value) -> int:
            return api.patch(where, json={body: value(n)}, headers=tag).status_code

        assert Counter(at_once(work)) == {200: 1, 412: CONCURRENT - 1}


def test_edits_at_once_without_if_match_are_all_answered(api: httpx.Client) -> None:
    """contract: a conflict between writers is retried inside the request and not answered."""
    customer = a_customer(api)
    made = an_assignment(api, customer, a_package(api))
    answers = at_once(lambda n: api.patch(path(made), json={"quantity": n + 2}).status_code)
    assert answers == [200] * CONCURRENT
    assert ok(api.get(path(made)))["version"] == 1 + CONCURRENT


def test_assignments_at_once_of_one_package_are_all_made(api: httpx.Client) -> None:
    """contract: a conflict between writers is retried inside the request and not answered."""
    customer, package = a_customer(api), a_package(api, retail="1", frequency="daily")
    answers = at_once(lambda n: assigning(api, customer, package, start_date=day(-2), auto_decrement_credit=True))
    assert {answer.status_code for answer in answers} == {201}
    assert balance(api, customer) == -2 * CONCURRENT
    assert problem(api.delete(f"/packages/{package['package_id']}"), 409, "package_in_use")["assignments"] == CONCURRENT


def test_reversals_at_once_undo_once(api: httpx.Client) -> None:
    """rules 6: reversal posts the opposite of each charge once; again it answers as first."""
    customer = a_busy_customer(api, debit_limit="5")
    report = run(api, customer, day(1), live=True)
    told = at_once(lambda _: ok(api.post(f"/runs/{report['run_id']}/reversal")))
    assert all(one == told[0] for one in told)
    assert balance(api, customer) == 0
    undone = [entry for entry in ledger(api, customer) if entry["kind"] == "reversal"]
    assert len(undone) == len({entry["reverses"] for entry in undone}) == sum(line["status"] == "posted" for line in report["lines"])
    assert ok(api.get(f"/customers/{customer}"))["held_charges"] == 0


def test_what_was_reversed_is_charged_again_once(api: httpx.Client, stack: EmbeddedStack) -> None:
    """rules 6: a recharge is identified by its charge and the number of voided ones before it."""
    customer = a_customer(api)
    made = an_assignment(api, customer, a_package(api, retail="1.10", frequency="daily"), start_date=day(1), auto_decrement_credit=True)
    multiply(stack, made, MANY)
    wrong = run(api, customer, day(1), live=True)
    ok(api.post(f"/runs/{wrong['run_id']}/reversal"))
    assert balance(api, customer) == 0
    at_once(lambda _: run(api, customer, day(1)), 4)  # starts the processes: the first run would be over before another one begins
    reports = at_once(lambda _: run(api, customer, day(1), live=True, if_charged="skip"), 4)
    statuses = Counter(line["status"] for report in reports for line in report["lines"])
    assert statuses.keys() <= {"repeat", "already_charged", "skipped"}
    assert (statuses["repeat"], statuses.total()) == (MANY, 4 * MANY)
    assert {line["status"] for line in run(api, customer, day(1), live=True, if_charged="skip")["lines"]} == {"skipped"}
    found = charges(api, customer)
    standing = [entry for entry in found if not entry["voided"]]
    assert (len(found), len(standing)) == (2 * MANY, MANY)
    assert once_each(standing)
    assert balance(api, customer) == -MANY * Decimal("1.10")


def test_credits_at_once_never_pass_the_charge(api: httpx.Client) -> None:
    """rules 4: Credits: the sum of credits never passes the charge; whoever comes too late is told what is left."""
    customer = a_customer(api)
    an_assignment(api, customer, a_package(api, retail="29.95", cost="10", frequency="monthly"), auto_decrement_credit=True)
    (posted,) = run(api, customer, day(), live=True)["lines"]
    assert posted["status"] == "posted"
    (charge,) = charges(api, customer)
    where, body = f"/customers/{customer}/ledger/{charge['entry_id']}/credit", {"retail": "0.95", "reason": "Two days without service"}
    answers = at_once(lambda _: once_answered(api, where, body), CREDITS, threads=CONCURRENT)
    assert Counter(answer.status_code for answer in answers) == {201: FITTING, 409: CREDITS - FITTING}
    refused = [problem(answer, 409, "over_credited") for answer in answers if answer.status_code == 409]
    assert {one["left"]["retail"] for one in refused} == {"0.50"}
    given = [entry for entry in ledger(api, customer) if entry["kind"] == "credit"]
    assert len(given) == FITTING
    (charge,) = charges(api, customer)
    assert (charge["credited_retail"], charge["version"]) == ("29.45", 1 + FITTING)
    assert sum(Decimal(entry["cost"]) for entry in given) == -Decimal(charge["credited_cost"])
    assert balance(api, customer) == Decimal("-0.50")


def test_a_held_charge_is_posted_or_written_off_once(api: httpx.Client) -> None:
    """rules 4: Auto Decrement Credit: written off, it is never tried again; posted, it can't be written off."""
    for _ in range(3):
        customer = a_customer(api, debit_limit="0")
        an_assignment(api, customer, a_package(api, retail="1"), start_date=day(1), auto_decrement_credit=True)
        run(api, customer, day(1), live=True)
        (entry,) = pages(api, "/held", customer=customer)
        pay(api, customer, "10")

        def work(n: int, customer: str = customer, entry: Json = entry) -> int:
            if n % 2:
                return api.post(f"/held/{entry['entry_id']}/cancellation").status_code
            run(api, customer, day(1), live=True, if_charged="skip")
            return 200

        answers = set(at_once(work, 8))
        assert answers <= {200, 409}
        (found,) = charges(api, customer)
        assert found["status"] == ("posted" if 409 in answers else "cancelled")
        assert balance(api, customer) == (9 if found["status"] == "posted" else 10)
        assert ok(api.get(f"/customers/{customer}"))["held_charges"] == 0
