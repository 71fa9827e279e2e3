"""The rules of an assignment without dated terms, told by the oracle of dated ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.oracles import dated
from tests.oracles.dated import ONE_DAY, each_day
from tests.oracles.dated import rounded as half_up


def is_due(frequency: str, match: tuple[int, ...], start: date, day: date) -> bool:
    """Is this day due?"""
    return day >= start and dated.Rule(frequency, match, 1, start).names(day)


def due_days(frequency: str, match: tuple[int, ...], start: date, first: date, last: date) -> list[date]:
    """The due days in a range."""
    return [day for day in each_day(first, last) if is_due(frequency, match, start, day)]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is charged, to whom it doesn't matter. `spend` says what was spent on a day."""

    frequency: str
    match: tuple[int, ...]
    start: date
    end: date | None
    charge_from: date | None
    quantity: int
    cost: Fraction
    retail: Fraction
    setup_cost: Fraction
    setup_retail: Fraction
    minimum_spend: bool
    proration: str = "none"
    paused: tuple[tuple[date, date], ...] = ()
    spend: Mapping[date, Fraction]


Charge = tuple[date, str, Fraction, Fraction]
"""Date, kind, cost, retail."""


def charges(terms: Terms, first: date, last: date) -> list[Charge]:
    """Everything that is charged in a range."""
    prices = {name: getattr(terms, name) for name in ("cost", "retail", "setup_cost", "setup_retail")}
    package = dated.Package(
        frequency=terms.frequency, match=terms.match, minimum_spend=terms.minimum_spend, proration=terms.proration,
        lists=(dated.PriceList(prices=prices),),
    )  # fmt: skip
    assignment = dated.Assignment(
        start=terms.start, end=terms.end, charge_from=terms.charge_from, first=dated.Terms(quantity=terms.quantity),
        entries=tuple(dated.Entry(begins=begins, until=until, values={"paused": True}) for begins, until in terms.paused),
    )  # fmt: skip
    found = dated.lines(package, assignment, max(first, terms.start), last, terms.spend)
    return [(line.day, line.kind, line.cost, line.retail) for line in found]


__all__ = ["ONE_DAY", "Charge", "Terms", "charges", "due_days", "each_day", "half_up", "is_due"]
