"""Run Package: what a run decides about each line, and the report of it (rules: Run Package).

A live run and a simulation share every function here; a simulation merely stops before the decisions are carried out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from . import account, money
from .charging import Line
from .ledger import Entry, charge_key

IfCharged = Literal["charge_again", "skip"]
Act = Literal["charge", "repeat", "retry", "skip"]
Status = Literal["simulated", "posted", "held", "repeat", "already_charged", "skipped"]
COUNTED: frozenset[Status] = frozenset(("simulated", "posted", "repeat"))


class Decision(NamedTuple):
    """What a run means to do with a line: charge it first, charge it again, try a held charge, or leave it alone.

    `key` is the ledger key that the charge has or gets.
    """

    line: Line
    act: Act
    key: str


class Outcome(NamedTuple):
    """What became of a line. `already_charged`: it had been charged when the run first looked."""

    line: Line
    status: Status
    already_charged: bool = False


class NotDue(NamedTuple):
    """An assignment without a line, and why; in a running minimum-spend period what is spent so far, and what is missing."""

    assignment_id: str
    package_name: str
    reason: str
    spend: Decimal | None = None
    missing: Decimal | None = None


class Totals(NamedTuple):
    """Sums of one currency. `held` is the retail of held lines, which the other sums leave out."""

    cost: Decimal = money.ZERO
    retail: Decimal = money.ZERO
    credit_debited: Decimal = money.ZERO
    held: Decimal = money.ZERO
    lines: int = 0

    @property
    def margin(self) -> Decimal:
        """What the provider earns."""
        return money.minus(self.retail, self.cost)


class Report(NamedTuple):
    """A Run Package of one customer."""

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


def decide(
    lines: Iterable[Line], recorded: Mapping[str, Entry], held: Iterable[Entry], if_charged: IfCharged, run_id: str
) -> list[Decision]:
    """Decide every line of a date by what the ledger holds of it, by key, at the first look. Held charges are tried as they were held."""
    retried = {entry.key: Decision(entry.line, "retry", entry.key) for entry in held if entry.line}
    decisions = list(retried.values())
    for line in lines:
        key = charge_key(line.identity)
        if key in retried:
            continue
        if key not in recorded:
            decisions.append(Decision(line, "charge", key))
        else:
            again = if_charged == "charge_again"
            decisions.append(Decision(line, "repeat", charge_key(line.identity, run_id)) if again else Decision(line, "skip", key))
    return sorted(decisions, key=lambda decision: decision.line.identity)


def simulated(decisions: Sequence[Decision], credit: account.Credit) -> list[Outcome]:
    """What carrying out the decisions would bring, in their order."""
    acting = [d.line.debit for d in decisions if d.act != "skip"]
    verdicts = iter(account.allot(credit, acting)[0])
    outcomes = []
    for decision in decisions:
        if decision.act == "skip":
            outcomes.append(Outcome(decision.line, "skipped", already_charged=True))
        else:
            status: Status = "simulated" if next(verdicts) else "held"
            outcomes.append(Outcome(decision.line, status, decision.act == "repeat"))
    return outcomes


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
    )


def tally(outcomes: Iterable[Outcome]) -> Totals:
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
    )


def tally_by_currency(outcomes: Iterable[Outcome]) -> dict[str, Totals]:
    """Totals per currency: amounts of different currencies are never added up."""
    totals: dict[str, Totals] = {}
    for outcome in outcomes:
        totals[outcome.line.currency] = add(totals.get(outcome.line.currency, Totals()), outcome)
    return totals
