"""How results of work write sums, as JSON: amounts as text, so that they stay exact; and keys that sort by amount."""

from decimal import Decimal
from typing import Any, Final

from ...domain.report import Totals

Json = Any
_ABOVE_ALL: Final = 10**24
"""Millionths above every amount: what is left of it sorts the other way round, also as text."""


def json_of_totals(one: Totals) -> Json:
    """Sums of one currency."""
    return [*map(exact, one[:4]), *one[4:]]


def totals_of(value: Json) -> Totals:
    """What was written."""
    cost, retail, debited, held, lines, below_cost = value
    return Totals(Decimal(cost), Decimal(retail), Decimal(debited), Decimal(held), lines, below_cost)


def exact(amount: Decimal) -> str:
    """An amount as text."""
    return format(amount, "f")


def largest_first(amount: Decimal) -> str:
    """A part of a key by which the largest amount comes first."""
    return f"{_ABOVE_ALL - int(amount.scaleb(6)):025}"
