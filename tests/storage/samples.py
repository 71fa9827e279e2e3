"""A value of everything that is stored: one with all its fields, one with as few as there can be.

    python -m tests.storage.samples > tests/storage/released/RELEASE.json

keeps how this release stores them: to be read for good. Made anew for each release that stores something in another way.
"""

import json
import sys
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, BucketKey
from chalicelib.domain.charging import Line
from chalicelib.domain.ledger import Entry
from chalicelib.domain.minutes import Call, DayTotal, Draw, Rated
from chalicelib.domain.package import Package
from chalicelib.domain.record import Failure, Plan, Result, RunRecord, Step
from chalicelib.domain.report import HeldBefore, NotDue, Summary, SummaryGroup, Totals
from chalicelib.domain.schedule import Period
from tests.storage import formats

CREATED = "2031-01-01T02:03:04.000005+00:00"
UPDATED = "2031-02-01T02:03:04+00:00"
WRITTEN: dict[str, Any] = {"version": 9, "created_at": CREATED, "created_by": "anna", "updated_at": UPDATED, "updated_by": "bert"}
NEW: dict[str, Any] = {"version": 1, "created_at": CREATED, "created_by": "anna", "updated_at": CREATED, "updated_by": "anna"}
ID = "01JGHA5X7R9T3V5X7Z9B1D3F5H"


class Sample(NamedTuple):
    """A value, and the format that it is stored in."""

    format: str
    value: Any


RECURRING = Line(
    customer_id="acme", assignment_id=ID, package_id="pbx", package_name="Téléphone €", did="15550001111", kind="recurring",
    due_date=date(2031, 1, 15), currency="EUR", quantity=3, unit_cost=Decimal("4.25"), unit_retail=Decimal("9.95"),
    cost=Decimal("12.75"), retail=Decimal("29.85"), auto_decrement_credit=True, frequency="monthly", frequency_match=(15, 31),
    start_date=date(2030, 12, 24), period=None, spend=None,
)  # fmt: skip
MINIMUM = Line(
    customer_id="acme", assignment_id=ID, package_id="min", package_name="Minimum", did=None, kind="minimum_spend",
    due_date=date(2031, 1, 1), currency="JPY", quantity=1, unit_cost=Decimal("0.0001"), unit_retail=Decimal(1000),
    cost=Decimal(0), retail=Decimal("250.50"), auto_decrement_credit=False, frequency="weekly", frequency_match=(0, 6),
    start_date=date(2030, 12, 20), period=Period(since=date(2030, 12, 20), until=date(2030, 12, 27), whole_until=date(2031, 1, 1)),
    spend=Decimal("749.50"),
)  # fmt: skip
TOTALS = Totals(
    cost=Decimal("12.75"), retail=Decimal("29.85"), credit_debited=Decimal("29.8"), held=Decimal("7.1234567890123456789"), lines=4
)
FAILURES = (
    Failure(customer_id="acme", assignment_id=ID, due_date=date(2031, 1, 15), code="unexpected", detail="KeyError: 'x'"),
    Failure(customer_id="umbrella", assignment_id=None, due_date=date(2031, 1, 2), code="parked", detail="too many lines"),
)
RESULT = Result(totals={"EUR": TOTALS, "JPY": Totals()}, failures=FAILURES, failed=3)
REASONS = (
    NotDue(assignment_id=ID, package_name="Minimum", reason="the period runs", spend=Decimal("1.50"), missing=Decimal("8.5")),
    NotDue(assignment_id="a2", package_name="PBX", reason="starts later", spend=None, missing=None),
)
STEPS = (
    Step(line=RECURRING, kind="charge", key=f"2031-01-15~1-recurring~{ID}", status="posted"),
    Step(line=MINIMUM, kind="not_over", key=f"2031-01-01~2-minimum_spend~{ID}", status=None),
)
CHARGE = Entry(
    customer_id="acme", key=f"2031-01-15~1-recurring~{ID}~run-7", date=date(2031, 1, 15), kind="recurring", status="posted",
    currency="EUR", cost=Decimal("12.75"), retail=Decimal("29.85"), credit_change=Decimal("-29.85"), recorded_at=CREATED,
    recorded_by="anna", posted_at=UPDATED, run_id="run-7", repeat=True, line=RECURRING, reference=None, reverses=None,
    cancelled_by=None, voided=False,
)  # fmt: skip

SAMPLES: dict[str, Sample] = {
    "account": Sample("account", Account(
        customer_id="acme", currency="EUR", name="Müller & Søn", debit_limit=Decimal("100.50"), balance=Decimal("-12.3456"), held=2,
        assignments=7, entries=True, calls=True, parked=True, oversize=True, held_ever=5, with_minutes=3, without_minutes=4,
        evaluate_from=date(2031, 1, 2), marks=6, **WRITTEN,
    )),
    "least account": Sample("account", Account(customer_id="acme", currency="EUR")),
    "assignment": Sample("assignment", Assignment(
        customer_id="acme", assignment_id=ID, package_id="pbx", start_date=date(2030, 12, 24), did="15550001111", quantity=3,
        end_date=date(2032, 1, 31), auto_decrement_credit=True, free_minutes=100, minimum_days=30, charge_from=date(2031, 1, 1),
        evaluate_from=date(2031, 1, 2), marks=2, charged=True, cancelled=True, package_version=4, **WRITTEN,
    )),
    "new assignment": Sample("assignment", Assignment(
        customer_id="acme", assignment_id=ID, package_id="pbx", start_date=date(2030, 12, 24), did=None, quantity=2, end_date=None,
        auto_decrement_credit=False, free_minutes=0, minimum_days=0, charge_from=None, evaluate_from=date(2030, 12, 24), marks=0,
        charged=False, cancelled=False, package_version=1, **NEW,
    )),
    "least assignment": Sample(
        "assignment", Assignment(customer_id="acme", assignment_id=ID, package_id="pbx", start_date=date(2030, 12, 24))
    ),
    "package": Sample("package", Package(
        package_id="pbx", name="Téléphone €", currency="EUR", description="A line", cost=Decimal("4.25"), retail=Decimal("9.95"),
        setup_cost=Decimal("0.5"), setup_retail=Decimal(10), frequency="monthly", frequency_match=(15, 31), connexcs_package="cx-1",
        minimum_days=30, type="free_minutes", destination="^44|^91", minimum_spend=True, assignments=7, deleted=True, assigned=True,
        **WRITTEN,
    )),
    "least package": Sample("package", Package(package_id="pbx", name="PBX", currency="EUR")),
    "charge": Sample("entry", CHARGE),
    "written off": Sample("entry", Entry(
        customer_id="acme", key=f"2031-01-01~2-minimum_spend~{ID}", date=date(2031, 1, 1), kind="minimum_spend", status="cancelled",
        currency="JPY", cost=Decimal(0), retail=Decimal("250.50"), credit_change=Decimal(0), recorded_at=CREATED, recorded_by="anna",
        posted_at=None, run_id=None, repeat=False, line=MINIMUM, reference=None, reverses=None, cancelled_by="bert", voided=True,
    )),
    "payment": Sample("entry", Entry(
        customer_id="acme", key="2031-01-15~3-payment~p1", date=date(2031, 1, 15), kind="payment", status="posted", currency="EUR",
        cost=Decimal(0), retail=Decimal(0), credit_change=Decimal(50), recorded_at=CREATED, recorded_by="anna", posted_at=CREATED,
        run_id=None, repeat=False, line=None, reference="invoice 7", reverses=None, cancelled_by=None, voided=False,
    )),
    "reversal": Sample("entry", Entry(
        customer_id="acme", key=f"2031-02-01~4-reversal~2031-01-15~1-recurring~{ID}", date=date(2031, 2, 1), kind="reversal",
        status="posted", currency="EUR", cost=Decimal("-12.75"), retail=Decimal("-29.85"), credit_change=Decimal("29.85"),
        recorded_at=UPDATED, recorded_by="bert", posted_at=UPDATED, run_id="run-7", repeat=False, line=None, reference=None,
        reverses=CHARGE.entry_id, cancelled_by=None, voided=False,
    )),
    "run": Sample("run", RunRecord(
        run_id="run-7", kind="package", date=date(2031, 1, 15), created_at=CREATED, created_by="anna", customer_id="acme",
        if_charged="charge_again", segments=2, done=frozenset({0, 1}), state="finished_with_failures", finished_at=UPDATED,
        result=RESULT, reversed_on=date(2031, 2, 1), reversed_at=UPDATED, reversed_by="bert", reversal="reversing", reversals=3,
        reversals_cancelled=2, reversals_failed=1, include_written_off=True,
    )),
    "least run": Sample("run", RunRecord(
        run_id="daily:2031-01-15", kind="daily", date=date(2031, 1, 15), created_at=CREATED, created_by="schedule"
    )),
    "plan": Sample("plan", Plan(
        customer_id="acme", currency="EUR", balance=Decimal("-1.50"), generated_at=CREATED, steps=STEPS, not_due=REASONS,
        not_due_left_out=12, done=True, held_before=HeldBefore(charges=2, retail=Decimal("5.5"), credit_debited=Decimal("1.25")),
    )),
    "least plan": Sample(
        "plan", Plan(customer_id="acme", currency="EUR", balance=Decimal(0), generated_at=CREATED, steps=())
    ),
    "call": Sample("call", Rated(
        call=Call(
            call_id="c-1", started_at="2031-01-15T23:30:00+00:00", day=date(2031, 1, 16), destination="442079460000", seconds=180,
            charge=Decimal("0.30"), did="15550001111",
        ),
        free_seconds=120, charge=Decimal("0.1"),
        drawn=(
            Draw(key=BucketKey(assignment_id=ID, begins=date(2031, 1, 15)), seconds=100),
            Draw(key=BucketKey(assignment_id="a2", begins=date(2031, 1, 1)), seconds=20),
        ),
    )),
    "day total": Sample("day_total", DayTotal(charge=Decimal("3.50"), seconds=600, free_seconds=120, calls=4)),
    "steps": Sample("steps", list(STEPS)),
    "reasons": Sample("not_due", REASONS),
    "result": Sample("result", RESULT),
    "summary": Sample("summary", Summary(
        date=date(2031, 1, 15), generated_at=CREATED, totals={"EUR": TOTALS},
        by_package=[SummaryGroup(id="pbx", name="PBX", currency="EUR", totals=TOTALS)],
        by_customer=[SummaryGroup(id="acme", name="Müller", currency="EUR", totals=TOTALS), SummaryGroup("umbrella", "", "EUR", TOTALS)],
        packages_left_out=5, customers_left_out=6, parked_customers=(), parked_left_out=0,
    )),
}  # fmt: skip


def stored() -> dict[str, Any]:
    """All samples as this release stores them, with what it reads back."""
    return {
        name: {"format": one.format, "stored": formats.write(one.format, one.value), "read": formats.told(one.value)}
        for name, one in SAMPLES.items()
    }


if __name__ == "__main__":
    json.dump(stored(), sys.stdout, indent=1, ensure_ascii=False, sort_keys=True)
    sys.stdout.write("\n")
