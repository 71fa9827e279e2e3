"""Packages, assignments and lines for the tables of the tests: everything has a value, a test names what matters."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.charging import Line, priced_line
from chalicelib.domain.deciding import Decision, DecisionKind
from chalicelib.domain.ledger import Entry, charge, charge_key
from chalicelib.domain.package import Package
from chalicelib.domain.posting import Provenance
from chalicelib.domain.pricing import Due
from chalicelib.domain.schedule import Period

MONEY = ("cost", "retail", "setup_cost", "setup_retail", "balance", "debit_limit")
DATES = ("start_date", "end_date", "charge_from", "evaluate_from")
STAMP = Provenance("run-1", datetime(2024, 1, 2, 3, tzinfo=UTC), "test")

Spent = Callable[[Assignment, Period], Decimal]


def day(text: str) -> date:
    return date.fromisoformat(text)


def typed(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with amounts and dates made from text."""
    money = {name: Decimal(value) for name, value in fields.items() if name in MONEY and value is not None}
    dates = {name: day(value) for name, value in fields.items() if name in DATES and isinstance(value, str)}
    return fields | money | dates


def package(**fields: Any) -> Package:
    return Package(**typed({"package_id": "p", "name": "Package", "currency": "USD"} | fields))


def assignment(start: str = "2024-01-01", **fields: Any) -> Assignment:
    return Assignment(**typed({"customer_id": "c", "assignment_id": "a", "package_id": "p", "start_date": start} | fields))


def account(**fields: Any) -> Account:
    return Account(**typed({"customer_id": "c", "currency": "USD"} | fields))


def priced(retail: str = "10", on: str = "2024-01-01", one: str = "a", *, cost: str = "1", debit: bool = True, **fields: Any) -> Line:
    """A recurring charge of a daily package; `fields` are `Line`'s."""
    made = priced_line(
        assignment(on, assignment_id=one, auto_decrement_credit=debit), package(frequency="daily", retail="1"), Due("recurring", day(on))
    )
    assert made is not None
    amounts = {"retail": Decimal(retail), "unit_retail": Decimal(retail), "cost": Decimal(cost)}
    return made._replace(**(amounts | fields))


def decision(kind: DecisionKind = "charge", **fields: Any) -> Decision:
    made = priced(**fields)
    return Decision(made, kind, charge_key(made.identity, "run-1" if kind in ("repeat", "recharge") else None))


def entry(made: Line, **fields: Any) -> Entry:
    """The ledger entry of a line: posted by run-0 unless told otherwise."""
    terms: dict[str, Any] = {"status": "posted", "run_id": "run-0", "repeat": False, "at": STAMP.at, "by": "test"} | fields
    return charge(made, **terms)
