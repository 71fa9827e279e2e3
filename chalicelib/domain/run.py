"""Run Package: what a run decides about each line, and the report of it (rules: Run Package).

A live run and a simulation share every function here; a simulation merely stops before the decisions are carried out.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from . import account, money
from .charging import Line
from .ledger import Entry, charge_key

IfCharged = Literal["charge_again", "skip"]
Act = Literal["charge", "repeat", "revive", "retry", "skip", "leave", "wait"]
Status = Literal["simulated", "posted", "held", "repeat", "already_charged", "skipped", "written_off", "no_longer_due", "not_over"]
COUNTED: frozenset[Status] = frozenset(("simulated", "posted", "repeat"))
REPEATS: Final[tuple[Act, ...]] = ("repeat", "revive")
LEFT_ALONE: Final[Mapping[Act, Status]] = {"skip": "skipped", "leave": "written_off", "wait": "not_over"}


class Decision(NamedTuple):
    """What a run means to do with a line: charge it first, charge it again (`repeat`), charge as a repeat what was written off
    (`revive`), try a held charge, or leave alone what is charged (`skip`), written off (`leave`) or not over yet (`wait`).

    `key` is the ledger key that the charge has or gets.
    """

    line: Line
    act: Act
    key: str

    @property
    def moves_account(self) -> bool:
        """Whether the customer's account changes with it: by a debit, or because there is one held charge less."""
        return bool(self.line.debit) or self.act == "retry"


class Outcome(NamedTuple):
    """What became of a line. `already_charged`: it was charged when the run first looked, or by another run since."""

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


class HeldBefore(NamedTuple):
    """Held charges of earlier dates, which a Run Package does not try: how many `charges`, their retail, and what of it the next daily
    evaluation, which tries them first, would debit at the balance before the run."""

    charges: int = 0
    retail: Decimal = money.ZERO
    credit_debited: Decimal = money.ZERO


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


class Sum(NamedTuple):
    """The totals of one package or one customer; both have one currency."""

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
    by_package: list[Sum]
    by_customer: list[Sum]
    packages_left_out: int = 0
    customers_left_out: int = 0
    parked_customers: Sequence[str] = ()
    parked_left_out: int = 0


class Report(NamedTuple):
    """A Run Package of one customer. `parked`: a live run is refused while the customer is."""

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


class Terms(NamedTuple):
    """What a run does with lines that the ledger holds already, and the day on which it decides."""

    run_id: str
    if_charged: IfCharged
    today: date
    include_written_off: bool = False


def decide(lines: Iterable[Line], recorded: Mapping[str, Entry], held: Iterable[Entry], terms: Terms) -> list[Decision]:
    """Decide every line of a date by what the ledger holds of it, by key, at the first look. Held charges are tried as they were held."""
    retried = {entry.key: Decision(entry.line, _unless_waiting("retry", entry.line, terms), entry.key) for entry in held if entry.line}
    decisions = list(retried.values())
    for line in lines:
        key = charge_key(line.identity)
        if key in retried:
            continue
        fresh = Decision(line, _unless_waiting("charge", line, terms), key)
        decisions.append(_on_recorded(line, recorded[key], terms) if key in recorded else fresh)
    return sorted(decisions, key=lambda decision: decision.line.identity)


def _unless_waiting(act: Act, line: Line, terms: Terms) -> Act:
    """A minimum spend dated after today waits: its period is not over, and an end date may still cut it short."""
    return "wait" if line.kind == "minimum_spend" and line.due_date > terms.today else act


def _on_recorded(line: Line, entry: Entry, terms: Terms) -> Decision:
    """What to do with a line whose charge was posted, or cancelled."""
    key, again = charge_key(line.identity), charge_key(line.identity, terms.run_id)
    over = _unless_waiting("repeat", line, terms) == "repeat"
    if entry.written_off:
        return Decision(line, "revive", again) if over and terms.include_written_off else Decision(line, "leave", key)
    return Decision(line, "repeat", again) if over and terms.if_charged == "charge_again" else Decision(line, "skip", key)


def held_before(lines: Sequence[Line], credit: account.Credit) -> HeldBefore:
    """What held charges of earlier dates, in the order in which they are tried, come to."""
    after = account.allot(credit, [line.debit for line in lines])[1]
    return HeldBefore(len(lines), money.total(line.retail for line in lines), money.minus(credit.balance, after.balance))


def simulated(decisions: Sequence[Decision], credit: account.Credit) -> list[Outcome]:
    """What carrying out the decisions would bring, in their order."""
    acting = [d.line.debit for d in decisions if d.act not in LEFT_ALONE]
    verdicts = iter(account.allot(credit, acting)[0])
    outcomes = []
    for decision in decisions:
        status = LEFT_ALONE.get(decision.act) or ("simulated" if next(verdicts) else "held")
        outcomes.append(Outcome(decision.line, status, decision.act in ("repeat", "skip")))
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
