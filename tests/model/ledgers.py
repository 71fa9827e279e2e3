"""Customers, their ledgers and balances, and how charges meet the credit: the part of the books that moves money."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from .rulebook import Assignment, Line, Package, Rated


class Refused(Exception):
    """The request is refused, for any of these reasons (their codes)."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" or ".join(reasons))
        self.reasons = set(reasons)


@dataclass
class Entry:
    """A ledger entry. `assignment_id` is None for payments. `of` is the first charge that a repeat repeats, or what a reversal undoes."""

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
    reversed_: bool = False

    def told(self) -> tuple[object, ...]:
        """What the service's answer is compared with."""
        return self.kind, self.day, self.assignment_id, self.cost, self.retail, self.credit_change, self.status, self.repeat


@dataclass
class Customer:
    """Who pays. `first` holds the first charges by (assignment id, kind, date)."""

    customer_id: str
    currency: str
    debit_limit: Fraction | None
    balance: Fraction = Fraction(0)
    entries: list[Entry] = field(default_factory=list)
    first: dict[tuple[str, str, date], Entry] = field(default_factory=dict)
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
    return *entry.line.order, entry.run_id or "" if entry.repeat else ""


class Ledgers:
    """Everything that is recorded."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.evaluated: date | None = None
        self.packages: dict[str, Package] = {}
        self.customers: dict[str, Customer] = {}

    def _post(self, customer: Customer, lines: Iterable[Line], run_id: str | None) -> None:
        for line in lines:
            self._charge(customer, line, run_id, repeat=False)

    def _charge(self, customer: Customer, line: Line, run_id: str | None, *, repeat: bool) -> Entry:
        """Post a charge, or hold it where its debit does not fit."""
        debit = line.retail if line.debit else Fraction(0)
        fits = customer.fits(debit)
        entry = Entry(line.kind, line.day, line.assignment_id, line.cost, line.retail, Fraction(0), "held", repeat, run_id, line)
        if fits:
            self._settle(customer, entry, debit)
        customer.entries.append(entry)
        if not repeat:
            customer.first[line.assignment_id, line.kind, line.day] = entry
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
        return entry.retail if one is None or one.auto_decrement else Fraction(0)
