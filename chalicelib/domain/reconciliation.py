"""What a carrier lists, compared with what is billed (rules: Reconciliation)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final, NamedTuple

from . import money
from .assignment import Assignment, valid_on
from .currencies import DECIMALS
from .discrepancy_kinds import DiscrepancyKind
from .package import Package
from .pricing import Due, price
from .schedule import Frequency
from .terms import terms_on

_NOTHING: Final = Fraction(0)
_MONTHS_SHARE: Final[Mapping[Frequency, Fraction]] = MappingProxyType({
    "daily": Fraction(365, 12), "weekly": Fraction(52, 12), "monthly": Fraction(1), "quarterly": Fraction(1, 3), "yearly": Fraction(1, 12),
})  # fmt: skip
"""How many of a frequency's periods a month has."""


class ListedNumber(NamedTuple):
    """A number as the carrier lists it, in a row of its file. `cost` is for a month, None where the file does not say it."""

    row: int
    cost: Decimal | None
    currency: str
    customer_id: str | None = None


class NumberUse(NamedTuple):
    """An assignment to a number, seen on a day: billed then, paused, or over since `last_day`; neither of them before its start.

    `cost` and `retail` are what a month comes to, quantity and discount included; None for what is charged once only.
    """

    customer_id: str
    package_name: str
    currency: str
    billed: bool = False
    paused: bool = False
    last_day: date | None = None
    cost: Fraction | None = None
    retail: Fraction | None = None


class Discrepancy(NamedTuple):
    """What is not as the carrier lists it. Of a number that nobody is billed for, the customer is who has it although it is `paused`, or
    had it last, until `last_day`."""

    kind: DiscrepancyKind
    did: str
    listed: ListedNumber | None
    customer_id: str | None = None
    package_names: tuple[str, ...] = ()
    currency: str | None = None
    cost: Fraction | None = None
    retail: Fraction | None = None
    paused: bool = False
    last_day: date | None = None

    @property
    def difference(self) -> Fraction | None:
        """How much more a month the carrier takes than the packages cost; None if that can't be said."""
        if self.listed is None or self.listed.cost is None or self.cost is None or self.listed.currency != self.currency:
            return None
        return Fraction(self.listed.cost) - self.cost


class Worth(NamedTuple):
    """What some discrepancies are worth a month: numbers, what the carrier takes for them, what the packages cost and bring in."""

    numbers: int = 0
    carrier_cost: Fraction = _NOTHING
    cost: Fraction = _NOTHING
    retail: Fraction = _NOTHING
    difference: Fraction = _NOTHING


class Compared(NamedTuple):
    """How many numbers were compared: those that the carrier lists, those that are billed, those with a discrepancy, and those listed and
    billed whose cost could not be compared."""

    listed: int = 0
    billed: int = 0
    differing: int = 0
    cost_not_compared: int = 0


def months_share(package: Package) -> Fraction | None:
    """How many of the package's charges a month has, one for each match day; None for what is charged once."""
    share = _MONTHS_SHARE.get(package.frequency)
    return share and share * max(1, len(package.frequency_match)) / package.every


def use_on(assignment: Assignment, package: Package, day: date) -> NumberUse:
    """An assignment to a number, seen on a day."""
    use = NumberUse(assignment.customer_id, package.name, package.currency)
    if not valid_on(assignment, day):
        is_over = not assignment.cancelled and assignment.end_date is not None and assignment.end_date < day
        return use._replace(last_day=assignment.end_date) if is_over else use
    if terms_on(assignment, day).paused:
        return use._replace(paused=True)
    priced, share = price(assignment, package, Due("recurring", day)), months_share(package)
    if priced is None or share is None:
        return use._replace(billed=True)
    return use._replace(billed=True, cost=Fraction(priced.cost) * share, retail=Fraction(priced.retail) * share)


def discrepancies(did: str, listed: ListedNumber | None, uses: Sequence[NumberUse]) -> Iterator[Discrepancy]:
    """What is not as the carrier lists a number, or does not list it; `uses` are all assignments to it."""
    billed = [one for one in uses if one.billed]
    if not billed:
        if listed:
            yield _unbilled(did, listed, uses)
        return
    found = Discrepancy(
        "unlisted", did, listed, billed[0].customer_id, tuple(one.package_name for one in billed), billed[0].currency,
        _together(one.cost for one in billed), _together(one.retail for one in billed),
    )  # fmt: skip
    if listed is None:
        yield found
        return
    if costs_differ(listed, found.cost, found.currency or ""):
        yield found._replace(kind="cost")
    if listed.customer_id and listed.customer_id != found.customer_id:
        yield found._replace(kind="customer")


def compared(listed: ListedNumber | None, uses: Sequence[NumberUse], found: Sequence[Discrepancy]) -> Compared:
    """What a number adds to the counts."""
    billed = [one for one in uses if one.billed]
    known = listed is not None and listed.cost is not None and any(one.cost is not None for one in billed)
    return Compared(listed is not None, bool(billed), bool(found), listed is not None and bool(billed) and not known)


def costs_differ(listed: ListedNumber, cost: Fraction | None, currency: str) -> bool:
    """Whether the carrier's cost is another than the packages', where both are known. A month's cost with more than 6 decimals, such as a
    twelfth of 10, is rounded to the decimals of the carrier's cost, to those of the currency at least."""
    if listed.cost is None or cost is None:
        return False
    if listed.currency != currency:
        return True
    if nearest(cost) == cost:
        return listed.cost != cost
    return nearest(cost, max(money.decimals(listed.cost), DECIMALS.get(currency, money.DECIMALS_MAX))) != listed.cost


def nearest(amount: Fraction, decimals: int = money.DECIMALS_MAX) -> Decimal:
    """The amount, rounded half away from zero."""
    scaled = abs(amount) * 10**decimals
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return money.times(Decimal(rounded if amount > 0 else -rounded), Decimal(1).scaleb(-decimals))


def worth_of(one: Discrepancy) -> dict[str, Worth]:
    """What a discrepancy is worth, by currency: the carrier's and the packages', in which the number counts if it is billed."""
    carrier, own = one.listed, one.currency
    found: dict[str, Worth] = {}
    if carrier:
        found[carrier.currency] = Worth(carrier_cost=Fraction(carrier.cost or 0))
    if own:
        found[own] = found.get(own, Worth())._replace(
            cost=one.cost or _NOTHING, retail=one.retail or _NOTHING, difference=one.difference or _NOTHING
        )
    named = own or (carrier.currency if carrier else "")
    return found | {named: found[named]._replace(numbers=1)}


def worth_together(one: Worth, other: Worth) -> Worth:
    """The sum of two."""
    return Worth(one.numbers + other.numbers, *(a + b for a, b in zip(one[1:], other[1:], strict=True)))


def _unbilled(did: str, listed: ListedNumber, uses: Sequence[NumberUse]) -> Discrepancy:
    """Who has the number although it is paused, or else who had it last."""
    paused = next((one for one in uses if one.paused), None)
    over = [one for one in uses if one.last_day]
    last = paused or max(over, key=lambda one: one.last_day or date.min, default=None)
    found = Discrepancy("unbilled", did, listed)
    return found if last is None else found._replace(customer_id=last.customer_id, paused=last.paused, last_day=last.last_day)


def _together(amounts: Iterator[Fraction | None]) -> Fraction | None:
    """The sum of those that are known; None if none is."""
    known = [one for one in amounts if one is not None]
    return sum(known, _NOTHING) if known else None
