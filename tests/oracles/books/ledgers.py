"""How charges meet the credit, and what is given back: the part of the books that moves money."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction

from tests.oracles.dated import NOTHING, ONE_DAY

from .customers import Customer, Entry
from .rulebook import Assignment, Line, Package
from .taking_back import Part, parts_of


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
            if line.negative:
                self._take_off(customer, line, run_id)
            else:
                self._charge(customer, line, run_id, repeat=False)

    def _charge(self, customer: Customer, line: Line, run_id: str | None, *, repeat: bool, name: str = "") -> Entry:
        """Post a charge, or hold it where its debit does not fit."""
        entry = self._held_entry(line, run_id)
        entry.repeat, entry.name = repeat, name
        if customer.fits(line.retail if line.debit else NOTHING):
            self._settle(customer, entry, debits=line.debit)
        self._record(customer, entry, line)
        return entry

    def _take_off(self, customer: Customer, line: Line, run_id: str | None) -> list[Entry]:
        """Post a negative line, in as many entries as it takes. What it takes of a held charge is held with it."""
        return [self._take_part(customer, part, run_id) for part in parts_of(line, customer.entries)]

    def _take_part(self, customer: Customer, part: Part, run_id: str | None) -> Entry:
        entry = self._held_entry(part.line, run_id)
        if part.held_with:
            part.held_with.parts.append(entry)
        else:
            self._settle(customer, entry, debits=part.line.debit)
        for charge, retail, cost in part.taken:
            charge.taken = charge.taken[0] + retail, charge.taken[1] + cost
        self._record(customer, entry, part.line)
        return entry

    def _held_entry(self, line: Line, run_id: str | None) -> Entry:
        of = line.kind, line.day, line.made_by
        return Entry(*of, line.cost, line.retail, NOTHING, "held", run_id=run_id, line=line, debits=line.debit)

    def _record(self, customer: Customer, entry: Entry, line: Line) -> None:
        customer.entries.append(entry)
        due = line.assignment_id, line.kind, line.day
        customer.made.setdefault(due, []).append(entry)
        if not entry.repeat:
            customer.first.setdefault(due, entry)
        if line.assignment:
            line.assignment.touched = True

    def _settle(self, customer: Customer, entry: Entry, *, debits: bool) -> None:
        entry.status, entry.debits = "posted", debits
        entry.credit_change = -entry.retail if debits else NOTHING
        customer.balance += entry.credit_change

    def _retry(self, customer: Customer, held: Iterable[Entry], run_id: str) -> None:
        """Try held charges. Each follows its assignment's auto decrement credit of the moment."""
        for entry in held:
            self._try(customer, entry, run_id)

    def _try(self, customer: Customer, entry: Entry, run_id: str) -> bool:
        if not customer.fits(self._held_debit(customer, entry)):
            return False
        debits = self._debits_now(customer, entry)
        for one in (entry, *entry.parts):
            self._settle(customer, one, debits=debits)
            one.run_id = run_id
        return True

    def _held_debit(self, customer: Customer, entry: Entry) -> Fraction:
        """What a held charge and the negative entries that are held with it would debit, as one sum."""
        return sum((one.retail for one in (entry, *entry.parts)), NOTHING) if self._debits_now(customer, entry) else NOTHING

    def _debits_now(self, customer: Customer, entry: Entry) -> bool:
        """As its assignment says today; a one-off charge, and one of an assignment that is cancelled, as it was held."""
        one = customer.assignments.get(entry.assignment_id or "")
        return entry.debits if one is None or one.cancelled else one.terms_on(self.today).auto_decrement_credit

    def _take_back(self, customer: Customer, charge: Entry, kind: str, retail: Fraction, cost: Fraction) -> Entry:
        """Give back so much of a charge, as a credit or a reversal; the balance moves if the charge was debited."""
        change = retail if charge.debits else NOTHING
        charge.taken = charge.taken[0] + retail, charge.taken[1] + cost
        entry = Entry(kind, self.today, None, -cost, -retail, change)
        customer.balance += change
        customer.entries.append(entry)
        return entry
