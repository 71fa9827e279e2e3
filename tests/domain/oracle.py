"""The rules a second time, in naive words: walk every day and ask it. Slow on purpose; shares nothing with what it checks.

Weekdays are counted from a Monday that everybody can look up, the last day of a month is the one whose tomorrow lies in
another month, and amounts are fractions. Nothing here is computed from a formula that `chalicelib.domain` uses.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

A_MONDAY = date(2024, 1, 1)
ONE_DAY = timedelta(days=1)


def each_day(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    day = first
    while day <= last:
        yield day
        day += ONE_DAY


def is_due(frequency: str, match: tuple[int, ...], start: date, day: date) -> bool:
    """Is this day due?"""
    if day < start:
        return False
    if frequency == "none":
        return day == start
    if frequency == "daily":
        return True
    if frequency == "weekly":
        return _weekday(day) in (match or [_weekday(start)])
    if frequency == "quarterly" and abs(day.month - start.month) not in (0, 3, 6, 9):
        return False
    if frequency == "yearly" and day.month != start.month:
        return False
    return any(_stands_for(day, wanted) for wanted in match or [start.day])


def _weekday(day: date) -> int:
    return (day - A_MONDAY).days % 7


def _stands_for(day: date, wanted: int) -> bool:
    """Is it the wanted day, or the month's last day while the wanted one doesn't come any more?"""
    return day.day == wanted or (wanted > day.day and (day + ONE_DAY).month != day.month)


def due_days(frequency: str, match: tuple[int, ...], start: date, first: date, last: date) -> list[date]:
    """The due days in a range."""
    return [day for day in each_day(first, last) if is_due(frequency, match, start, day)]


def half_up(amount: Fraction) -> Fraction:
    """Rounded to 6 decimals, halves away from zero; for amounts >= 0."""
    millionths = amount * 1_000_000
    if millionths.denominator == 1:
        return amount
    whole = millionths.numerator // millionths.denominator
    return Fraction(whole + 1 if millionths - whole >= Fraction(1, 2) else whole, 1_000_000)


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
    spend: Mapping[date, Fraction]


Charge = tuple[date, str, Fraction, Fraction]
"""Date, kind, cost, retail."""


def charges(terms: Terms, first: date, last: date) -> list[Charge]:
    """Everything that is charged in a range, told as the story of the assignment from its first day on."""
    told = _minimum_spend_story(terms, last) if terms.minimum_spend else _recurring_story(terms, last)
    ours = terms.charge_from or terms.start
    return [c for c in told if first <= c[0] <= last and c[0] >= ours and (c[2] or c[3])]


def _setup(terms: Terms) -> Charge:
    return terms.start, "setup", terms.setup_cost * terms.quantity, terms.setup_retail * terms.quantity


def _recurring_story(terms: Terms, last: date) -> Iterator[Charge]:
    for day in each_day(terms.start, min(last, terms.end or last)):
        if day == terms.start:
            yield _setup(terms)
        if is_due(terms.frequency, terms.match, terms.start, day):
            yield day, "recurring", terms.cost * terms.quantity, terms.retail * terms.quantity


def _minimum_spend_story(terms: Terms, last: date) -> Iterator[Charge]:
    """A period is open from the first day on; a due day settles it and opens the next; the day after the end settles what is open."""
    day, open_since, spent = terms.start, terms.start, Fraction(0)
    while day <= last and (terms.end is None or day <= terms.end + ONE_DAY):
        over = terms.end is not None and day > terms.end
        if day == terms.start:
            yield _setup(terms)
        elif over or is_due(terms.frequency, terms.match, terms.start, day):
            ours = open_since >= (terms.charge_from or terms.start)
            yield from [_settlement(terms, open_since, day, spent)] if ours else []
            open_since, spent = day, Fraction(0)
        spent += terms.spend.get(day, Fraction(0))
        day += ONE_DAY


def _settlement(terms: Terms, since: date, day: date, spent: Fraction) -> Charge:
    uncut = day
    while not is_due(terms.frequency, terms.match, terms.start, uncut):
        uncut += ONE_DAY
    cost, minimum = terms.cost * terms.quantity, terms.retail * terms.quantity
    if uncut > day:
        part = Fraction((day - since).days, (uncut - since).days)
        cost, minimum = half_up(cost * part), half_up(minimum * part)
    return day, "minimum_spend", cost, max(Fraction(0), minimum - spent)
