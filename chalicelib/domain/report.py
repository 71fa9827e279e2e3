"""Run Package: what the report of a run says of its lines, and what they come to (rules: Run Package)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from . import money
from .charging import Line
from .deciding import DecisionKind

Status = Literal["simulated", "posted", "held", "repeat", "already_charged", "skipped", "written_off", "no_longer_due", "not_over"]
COUNTED: frozenset[Status] = frozenset(("simulated", "posted", "repeat"))
LEFT_ALONE: Final[Mapping[DecisionKind, Status]] = {"skip": "skipped", "written_off": "written_off", "not_over": "not_over"}
REPORT_LINES_MAX = 1000
"""Lines, and reasons, that a report lists."""


class Outcome(NamedTuple):
    """What became of a line. `already_charged`: it was charged when the run first looked, or by another run since; then `charged` is
    the retail of that charge, before credits and negative lines. Runs that a former release recorded lack that."""

    line: Line
    status: Status
    already_charged: bool = False
    charged: Decimal | None = None

    @property
    def difference(self) -> Decimal | None:
        """What the line comes to now, less what was charged."""
        return None if self.charged is None else money.minus(self.line.retail, self.charged)


class NotDue(NamedTuple):
    """An assignment without a line, and why; in a running minimum-spend period what is spent so far, and what is missing."""

    assignment_id: str
    package_name: str
    reason: str
    spend: Decimal | None = None
    missing: Decimal | None = None


class HeldBefore(NamedTuple):
    """Held charges of earlier dates, which a Run Package does not try: how many `charges`, their retail, and what of it the next daily
    evaluation, which tries them first, would debit at the balance before the run."""

    charges: int = 0
    retail: Decimal = money.ZERO
    credit_debited: Decimal = money.ZERO


class Totals(NamedTuple):
    """Sums of one currency. `held` is the retail of held lines, which the other sums leave out; `below_cost` counts lines whose retail
    is below their cost."""

    cost: Decimal = money.ZERO
    retail: Decimal = money.ZERO
    credit_debited: Decimal = money.ZERO
    held: Decimal = money.ZERO
    lines: int = 0
    below_cost: int = 0

    @property
    def margin(self) -> Decimal:
        """What the provider earns."""
        return money.minus(self.retail, self.cost)


class SummaryGroup(NamedTuple):
    """The totals of one package or one customer, both of which have one currency; or, without id and name, of one-off charges in one."""

    id: str
    name: str
    currency: str
    totals: Totals


class Summary(NamedTuple):
    """Totals by currency, by package and by customer (the largest by retail), and how many of these were left out.

    `parked_customers` are those that a simulation left out, for a live run would charge them nothing: the first by id.
    """

    date: date
    generated_at: str
    totals: dict[str, Totals]
    by_package: list[SummaryGroup]
    by_customer: list[SummaryGroup]
    packages_left_out: int = 0
    customers_left_out: int = 0
    parked_customers: Sequence[str] = ()
    parked_left_out: int = 0


class Report(NamedTuple):
    """A Run Package of one customer. `parked`: a live run is refused while the customer is. `digest`: that of the first look; None of a
    run that a release before digests recorded."""

    run_id: str | None
    simulate: bool
    date: date
    customer_id: str
    currency: str
    generated_at: str
    outcomes: Sequence[Outcome]
    not_due: Sequence[NotDue]
    balance_before: Decimal
    balance_after: Decimal
    held_before: HeldBefore = HeldBefore()
    parked: bool = False
    digest: str | None = None


def is_below_cost(line: Line) -> bool:
    """Whether a line is charged for less than it costs."""
    return line.retail < line.cost and not line.takes_back


def add(totals: Totals, outcome: Outcome) -> Totals:
    """The totals with one more line in them."""
    line = outcome.line
    if outcome.status == "held":
        return totals._replace(held=money.plus(totals.held, line.retail))
    if outcome.status not in COUNTED:
        return totals
    return Totals(
        money.plus(totals.cost, line.cost),
        money.plus(totals.retail, line.retail),
        money.plus(totals.credit_debited, line.debit),
        totals.held,
        totals.lines + 1,
        totals.below_cost + is_below_cost(line),
    )


def total_of(outcomes: Iterable[Outcome]) -> Totals:
    """The totals of lines of one currency."""
    totals = Totals()
    for outcome in outcomes:
        totals = add(totals, outcome)
    return totals


def merge(one: Totals, other: Totals) -> Totals:
    """The sum of two totals of one currency."""
    return Totals(
        money.plus(one.cost, other.cost),
        money.plus(one.retail, other.retail),
        money.plus(one.credit_debited, other.credit_debited),
        money.plus(one.held, other.held),
        one.lines + other.lines,
        one.below_cost + other.below_cost,
    )


def tally_by_currency(outcomes: Iterable[Outcome]) -> dict[str, Totals]:
    """Totals per currency: amounts of different currencies are never added up."""
    totals: dict[str, Totals] = {}
    for outcome in outcomes:
        totals[outcome.line.currency] = add(totals.get(outcome.line.currency, Totals()), outcome)
    return totals
