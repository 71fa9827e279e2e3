"""What the service answers, in the model's words."""

from datetime import date
from fractions import Fraction
from typing import Any

from .rulebook import Assignment, Call, Package

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def entry(told: dict[str, Any]) -> tuple[object, ...]:
    amounts = (Fraction(told[name]) for name in ("cost", "retail", "credit_change"))
    return told["kind"], date.fromisoformat(told["date"]), told.get("assignment_id"), *amounts, told["status"], told["repeat"]


def assignment(told: dict[str, Any]) -> tuple[object, ...]:
    names = ("assignment_id", "start_date", "end_date", "charge_from", "quantity", "auto_decrement_credit", "free_minutes", "cancelled")
    return tuple(told[name] for name in names)


def known(one: Assignment) -> tuple[object, ...]:
    days = one.start.isoformat(), text(one.end), text(one.charge_from)
    return one.assignment_id, *days, one.quantity, one.auto_decrement, one.minutes, one.cancelled


def package(told: dict[str, Any]) -> Package:
    prefixes = tuple(prefix.removeprefix("^") for prefix in (told["destination"] or "").split("|"))
    return Package(
        told["package_id"], told["currency"], Fraction(told["cost"]), Fraction(told["retail"]),
        Fraction(told["setup_cost"]), Fraction(told["setup_retail"]),
        told["frequency"], match_days(told), told["minimum_days"], told["type"] == "free_minutes",
        prefixes, told["minimum_spend"], told["connexcs_package"],
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
