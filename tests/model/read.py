"""What the service answers, in the model's words."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.oracles.books.rulebook import Assignment, Call, Package
from tests.oracles.dated import PriceList

PRICES = ("cost", "retail", "setup_cost", "setup_retail")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def entry(told: dict[str, Any]) -> tuple[object, ...]:
    amounts = (Fraction(told[name]) for name in ("cost", "retail", "credit_change"))
    taken = (Fraction(told.get(name, 0)) for name in ("credited_retail", "credited_cost"))
    of = told["kind"], date.fromisoformat(told["date"]), told.get("assignment_id")
    return *of, *amounts, told["status"], told["repeat"], *taken, told.get("voided", False)


def assignment(told: dict[str, Any]) -> tuple[object, ...]:
    names = (
        "assignment_id", "start_date", "end_date", "charge_from", "counted_from", "replaces", "replaced_by", "quantity",
        "auto_decrement_credit", "free_minutes", "cancelled",
    )  # fmt: skip
    return tuple(told[name] for name in names)


def known(one: Assignment, day: date) -> tuple[object, ...]:
    """The assignment with the terms of a day."""
    terms = one.terms_on(day)
    days = one.start.isoformat(), text(one.end), text(one.charge_from)
    steps = text(one.counted_from), one.before and one.before.assignment_id, one.replaced_by
    return one.assignment_id, *days, *steps, terms.quantity, terms.auto_decrement_credit, terms.free_minutes, one.cancelled


def package(told: dict[str, Any]) -> Package:
    prefixes = tuple(prefix.removeprefix("^") for prefix in (told["destination"] or "").split("|"))
    return Package(
        told["package_id"], told["currency"], (PriceList(prices={name: Fraction(told[name]) for name in PRICES}),),
        told["frequency"], match_days(told), told["minimum_days"], told["type"] == "free_minutes",
        prefixes, told["minimum_spend"], told["connexcs_package"], told["every"], told.get("proration", "none"),
    )  # fmt: skip


def match_days(body: dict[str, Any]) -> tuple[int, ...]:
    return tuple(sorted(WEEKDAYS.index(one) if one in WEEKDAYS else one for one in body["frequency_match"]))


def call(told: dict[str, Any]) -> Call:
    day = date.fromisoformat(told["started_at"][:10])
    return Call(told["call_id"], day, told["destination"], told["seconds"], Fraction(told["charge"]), told["did"])


def rated(told: dict[str, Any]) -> tuple[str, Fraction, dict[str, int]]:
    return told["call_id"], Fraction(told["charge"]), {draw["assignment_id"]: draw["seconds"] for draw in told["drawn"]}


def text(day: date | None) -> str | None:
    return day.isoformat() if day else None


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def cell(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def amount(text: str | None) -> Fraction | None:
    return Fraction(text) if text else None
