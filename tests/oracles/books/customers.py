"""Customers, and what their ledgers hold."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from tests.oracles.dated import NOTHING

from .rulebook import Assignment, Line, Rated


class Refused(Exception):
    """The request is refused, for any of these reasons (their codes)."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" or ".join(reasons))
        self.reasons = set(reasons)


@dataclass
class Entry:
    """A ledger entry. `assignment_id` is None for payments. `name` is what a repeat is known by among those of its charge; `taken` are the
    retail and the cost that credits, reversals and negative lines took of a charge. `debits` says whether its retail moves the balance
    when it is posted. `parts` are the negative entries that are held with a held charge."""

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
    taken: tuple[Fraction, Fraction] = (NOTHING, NOTHING)
    debits: bool = False
    parts: list["Entry"] = field(default_factory=list)

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

    @property
    def negative(self) -> bool:
        """Whether it takes back of charges."""
        return self.line is not None and self.line.negative

    def cancel(self, *, voided: bool) -> None:
        """It is held, and given up with what is held with it."""
        for one in (self, *self.parts):
            one.status, one.voided = "cancelled", voided


@dataclass
class Customer:
    """Who pays. `first` holds the first charges by (assignment id, kind, date), `made` these and their repeats, as they were made; of a
    negative line all its entries."""

    customer_id: str
    currency: str
    debit_limit: Fraction | None
    balance: Fraction = NOTHING
    entries: list[Entry] = field(default_factory=list)
    first: dict[tuple[str, str, date], Entry] = field(default_factory=dict)
    made: dict[tuple[str, str, date], list[Entry]] = field(default_factory=dict)
    calls: list[Rated] = field(default_factory=list)
    used: dict[tuple[str, date], int] = field(default_factory=dict)
    assignments: dict[str, Assignment] = field(default_factory=dict)

    def held(self) -> list[Entry]:
        """Held charges in the order in which they are tried; negative entries are tried with theirs."""
        return sorted((entry for entry in self.entries if entry.status == "held" and not entry.negative), key=_held_order)

    def held_entries(self) -> int:
        """How many entries are held, negative ones too."""
        return sum(entry.status == "held" for entry in self.entries)

    def fits(self, amount: Fraction) -> bool:
        """Whether a debit keeps within the limit."""
        return amount <= 0 or self.debit_limit is None or self.balance - amount >= -self.debit_limit


def _held_order(entry: Entry) -> tuple[object, ...]:
    assert entry.line is not None
    return *entry.line.order, entry.name
