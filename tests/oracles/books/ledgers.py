"""Customers, their ledgers and balances, and how charges meet the credit: the part of the books that moves money."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracles.dated import ONE_DAY

from .rulebook import Assignment, Line, Package, Rated


class Refused(Exception):
    """The request is refused, for any of these reasons (their codes)."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" or ".join(reasons))
        self.reasons = set(reasons)


@dataclass
class Entry:
    """A ledger entry. `assignment_id` is None for payments. `name` is what a repeat is known by among those of its charge; `taken` are the
    retail and the cost that credits and reversals took of a charge."""

    kind: str
    day: date
    assignment_id: str | None
    cost: Fraction
    retail: Fraction
    credit_change: Fraction
    status: str = "posted"
    repeat: bool = False
    run_id: str | None = None
    line: Line | None = None
    voided: bool = False
    name: str = ""
    taken: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))

    def told(self) -> tuple[object, ...]:
        """What the service's answer is compared with."""
        amounts = self.cost, self.retail, self.credit_change
        return self.kind, self.day, self.assignment_id, *amounts, self.status, self.repeat, *self.taken, self.voided

    @property
    def left(self) -> tuple[Fraction, Fraction]:
        """What is left of the retail and the cost."""
        return self.retail - self.taken[0], self.cost - self.taken[1]

    @property
    def stands(self) -> bool:
        """Posted and not voided."""
        return self.status == "posted" and not self.voided


@dataclass
class Customer:
    """Who pays. `first` holds the first charges by (assignment id, kind, date), `made` these and their repeats, as they were made."""

    customer_id: str
    currency: str
    debit_limit: Fraction | None
    balance: Fraction = Fraction(0)
    entries: list[Entry] = field(default_factory=list)
    first: dict[tuple[str, str, date], Entry] = field(default_factory=dict)
    made: dict[tuple[str, str, date], list[Entry]] = field(default_factory=dict)
    calls: list[Rated] = field(default_factory=list)
    used: dict[tuple[str, date], int] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)

    def held(self) -> list[Entry]:
        """Held charges in the order in which they are tried."""
        return sorted((entry for entry in self.entries if entry.status == "held"), key=_held_order)

    def fits(self, amount: Fraction) -> bool:
        """Whether a debit keeps within the limit."""
        return not amount or self.debit_limit is None or self.balance - amount >= -self.debit_limit


def _held_order(entry: Entry) -> tuple[object, ...]:
    assert entry.line is not None
    return *entry.line.order, entry.name


class Ledgers:
    """Everything that is recorded."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.evaluated: date | None = None
        self.packages: dict[str, Package] = {}
        self.customers: dict[str, Customer] = {}

    @property
    def backlog_through(self) -> date:
        """Backlog goes through yesterday, or through the last evaluated day where that is later."""
        return max(self.today - ONE_DAY, self.evaluated or date.min)

    @property
    def first_open_day(self) -> date:
        """Open days begin after yesterday, and after the last evaluated day."""
        return self.backlog_through + ONE_DAY

    @property
    def earliest_end(self) -> date:
        """An end date lies neither before today nor before the last evaluated day."""
        return max(self.today, self.evaluated or date.min)

    def _assignments(self) -> Iterator[Assignment]:
        for customer in self.customers.values():
            yield from customer.assignments.values()

    def _of_did(self, did: str | None) -> list[Assignment]:
        return [one for one in self._assignments() if one.did == did]

    def _taken(self, mine: Assignment, beside: Iterable[Assignment] = (), *, without: Sequence[Assignment] = ()) -> bool:
        """Whether another customer has the DID on a day of `mine`: one of those that are there, or of those `beside` them."""
        others = [one for one in [*self._of_did(mine.did), *beside] if one.did == mine.did and one.customer_id != mine.customer_id]
        counted = (one for one in others if not one.cancelled and all(one is not other for other in without))
        return any(one.start <= mine.last_day and mine.start <= one.last_day for one in counted)

    def _post(self, customer: Customer, lines: Iterable[Line], run_id: str | None) -> None:
        for line in lines:
            self._charge(customer, line, run_id, repeat=False)

    def _charge(self, customer: Customer, line: Line, run_id: str | None, *, repeat: bool, name: str = "") -> Entry:
        """Post a charge, or hold it where its debit does not fit."""
        debit = line.retail if line.debit else Fraction(0)
        fits = customer.fits(debit)
        entry = Entry(line.kind, line.day, line.assignment_id, line.cost, line.retail, Fraction(0), "held", repeat, run_id, line, name=name)
        if fits:
            self._settle(customer, entry, debit)
        customer.entries.append(entry)
        due = line.assignment_id, line.kind, line.day
        customer.made.setdefault(due, []).append(entry)
        if not repeat:
            customer.first[due] = entry
        line.assignment.touched = True
        return entry

    def _settle(self, customer: Customer, entry: Entry, debit: Fraction) -> None:
        entry.status, entry.credit_change = "posted", -debit
        customer.balance -= debit

    def _retry(self, customer: Customer, held: Iterable[Entry], run_id: str) -> None:
        """Try held charges. Each follows its assignment's auto decrement credit of the moment."""
        for entry in held:
            self._try(customer, entry, run_id)

    def _try(self, customer: Customer, entry: Entry, run_id: str) -> bool:
        debit = self._held_debit(customer, entry)
        if not customer.fits(debit):
            return False
        self._settle(customer, entry, debit)
        entry.run_id = run_id
        return True

    def _held_debit(self, customer: Customer, entry: Entry) -> Fraction:
        one = customer.assignments.get(entry.assignment_id or "")
        return entry.retail if one is None or one.cancelled or one.terms_on(self.today).auto_decrement_credit else Fraction(0)

    def _take_back(self, customer: Customer, charge: Entry, kind: str, retail: Fraction, cost: Fraction) -> Entry:
        """Give back so much of a charge, as a credit or a reversal; the balance moves if the charge was debited."""
        change = retail if charge.credit_change else Fraction(0)
        charge.taken = charge.taken[0] + retail, charge.taken[1] + cost
        entry = Entry(kind, self.today, None, -cost, -retail, change)
        customer.balance += change
        customer.entries.append(entry)
        return entry
