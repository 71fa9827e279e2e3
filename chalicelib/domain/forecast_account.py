"""A customer's account as days to come are evaluated one after the other: what is posted, what is held (rules: Forecast).

It decides by the functions that a day's evaluation posts by, and keeps what the next day depends on.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Literal, NamedTuple

from . import account, money, posting, taking_back
from .account import Credit
from .assignment import Assignment
from .charging import Line, as_tried
from .deciding import Decision, decide_held_first, tried_sums
from .forecast_days import CustomerFacts, DueDay
from .ledger import Entry, charge, charge_key
from .posting import Provenance
from .schedule import DAY


class PlannedLine(NamedTuple):
    """A line, or a part of a negative one, and what the evaluation of `day` does with it. `released`: it was held before that day. `key` is
    its ledger key, "" of what is posted at once.
    """

    day: date
    line: Line
    key: str
    status: Literal["posted", "held"]
    released: bool = False


class PlannedAccount:
    """`credit` is what is left as days pass, `lowest` the least balance that a debit has left so far; None while nothing was debited.
    `short_on` is the first day at whose end a charge is held, `parks_on` that on which the customer is parked."""

    def __init__(self, facts: CustomerFacts, credit: Credit) -> None:
        self.credit = credit
        self.lowest: Decimal | None = None
        self.short_on: date | None = None
        self.parks_on: date | None = None
        self._facts = facts
        self._assignments = {one.assignment_id: one for one in facts.assignments}
        self._provenance = Provenance(None, facts.at, "")
        self._held = {entry.key: entry for entry in facts.held}
        self._charges: dict[str, dict[str, Entry]] = {one.assignment_id: {} for one in facts.assignments if _may_take_back(facts, one)}
        for entry in facts.charges:
            self._note(entry)
        self._passed = facts.first - DAY
        self._switches = sorted(_debit_switches(facts))
        self._retry = bool(facts.held)

    def evaluate_all(self, days: Iterable[DueDay], last: date) -> Iterator[PlannedLine]:
        """All that becomes of what is due on these days, and of what is held, through `last`. It ends before a day on which more is due
        than the safety bound allows."""
        customer = self._facts.account
        for day, lines in days:
            yield from self._retry_before(day)
            if account.is_to_be_parked(customer, len(lines), self._facts.lines_max):
                self.parks_on = day
                return
            customer = customer._replace(oversize=False)
            yield from self._evaluate(day, lines)
        yield from self._retry_before(last + DAY)

    def _retry_before(self, day: date) -> Iterator[PlannedLine]:
        """The days before `day` on which nothing is due, but a held charge may fit."""
        while self._held:
            switch = next((one for one in self._switches if one > self._passed), day)
            following = self._passed + DAY if self._retry else switch
            if following >= day:
                return
            yield from self._evaluate(following, ())

    def _evaluate(self, day: date, lines: Sequence[Line]) -> list[PlannedLine]:
        """Post or hold what is due on a day. Held charges are tried when one may fit: after the balance rose, after something of it was
        taken back, and when its debit is switched off."""
        self._passed = day
        takes_back = any(line.kind == "proration" and line.takes_back for line in lines)
        retry = self._held and (self._retry or day in self._switches or takes_back)
        found = self._decided(day, lines, self.held_on(day) if retry else []) if retry or takes_back else self._charge_new(day, lines)
        if self._held and self.short_on is None:
            self.short_on = day
        return found

    def _charge_new(self, day: date, lines: Sequence[Line]) -> list[PlannedLine]:
        """The same as `_decided`, where nothing held is tried and nothing is taken back."""
        found, (balance, floor) = [], (self.credit.balance, self.credit.floor)
        for line in lines:
            if line.auto_decrement_credit and line.retail:
                left = money.minus(balance, line.retail)
                if floor is not None and left < floor:
                    decision = Decision(line, "charge", charge_key(line.identity))
                    self._held[decision.key] = self._entry(decision, "held")
                    found.append(PlannedLine(day, line, decision.key, "held"))
                    continue
                balance = left
                if self.lowest is None or balance < self.lowest:
                    self.lowest = balance
            if self._charges and line.assignment_id in self._charges:
                self._note_new(self._entry(Decision(line, "charge", charge_key(line.identity)), "posted"))
            found.append(tuple.__new__(PlannedLine, (day, line, "", "posted", False)))  # a forecast makes millions
        self.credit = self.credit._replace(balance=balance)
        return found

    def _decided(self, day: date, lines: Sequence[Line], held: Sequence[Entry]) -> list[PlannedLine]:
        found: list[PlannedLine] = []
        for takes_back, some in groupby(decide_held_first(held, lines), lambda one: one.kind == "take_back"):
            decisions = list(some)
            if takes_back:
                found += [planned for one in decisions for planned in self._take_back(day, one.line)]
                continue
            if decisions[0].held:
                self._retry = False
            found += self._charge(day, [now for one in decisions for now in self._current(one)])
        return found

    def held_on(self, day: date) -> list[Entry]:
        """What is held, as it is tried on a day, in the order in which it is."""
        return [self._as_tried(self._held[key], day) for key in sorted(self._held)]

    def _as_tried(self, entry: Entry, day: date) -> Entry:
        return entry._replace(line=as_tried(entry.line, self._assignments.get(entry.line.assignment_id), day)) if entry.line else entry

    def _current(self, decision: Decision) -> list[Decision]:
        """A decision about a held charge with what came to be held with it on the same day."""
        held = self._held.get(decision.key) if decision.held else None
        if decision.held is None or held is None or held.parts == decision.held.parts:
            return [decision]
        new = [self._held[key] for key in held.parts if key not in decision.held.parts]
        current = decision._replace(held=held._replace(line=decision.line))
        return [current, *(Decision(one.line, "retry", one.key, one) for one in new if one.line)]

    def _charge(self, day: date, decisions: Sequence[Decision]) -> Iterator[PlannedLine]:
        places, sums = tried_sums(decisions)
        balance = self.credit.balance
        verdicts, self.credit = account.allot(self.credit, sums.values())
        for amount, fits in zip(sums.values(), verdicts, strict=True):
            if fits and amount:
                balance = money.minus(balance, amount)
                if amount > 0 and (self.lowest is None or balance < self.lowest):
                    self.lowest = balance
        fits_at = dict(zip(sums, verdicts, strict=True))
        for one, place in zip(decisions, places, strict=True):
            planned = self._post(day, one) if fits_at[place] else self._hold(day, one)
            if planned:
                yield planned

    def _post(self, day: date, one: Decision) -> PlannedLine:
        if one.held:
            self._held.pop(one.key, None)
            self._note(one.held._replace(status="posted", line=one.line))
        elif one.line.assignment_id in self._charges:
            self._note_new(self._entry(one, "posted"))
        return PlannedLine(day, one.line, one.key, "posted", one.held is not None)

    def _hold(self, day: date, one: Decision) -> PlannedLine | None:
        if one.held:
            return None
        self._held[one.key] = self._entry(one, "held")
        return PlannedLine(day, one.line, one.key, "held")

    def _entry(self, one: Decision, status: Literal["posted", "held"]) -> Entry:
        return charge(one.line, status=status, run_id=None, repeat=False, at=self._provenance.at, by=self._provenance.by)

    def _take_back(self, day: date, line: Line) -> Iterator[PlannedLine]:
        """What a negative line takes, and what the charges are then."""
        of = line.assignment_id
        held = (self._as_tried(one, day) for one in self._held.values() if one.line and one.line.assignment_id == of)
        charges = taking_back.charges_of_period(line, (*self._charges.get(of, {}).values(), *held))
        parts = taking_back.parts(line, charges)
        for part in parts:
            if part.held:
                self._held[part.key] = posting.part_entry(part, self._provenance)
            else:
                self.credit = self.credit._replace(balance=money.minus(self.credit.balance, part.line.debit))
            yield PlannedLine(day, part.line, part.key, "held" if part.held else "posted")
        for entry in taking_back.after_deductions(parts):
            if entry.status == "held":
                self._held[entry.key] = entry
            else:
                self._charges[of][entry.key] = entry
        self._retry = True

    def _note_new(self, entry: Entry) -> None:
        """Keep a charge that was posted on its own day. Those of the periods before it are not taken from any more."""
        if entry.kind == "recurring" and entry.line:
            own = self._charges[entry.line.assignment_id]
            self._charges[entry.line.assignment_id] = {key: one for key, one in own.items() if one.date >= entry.date}
        self._note(entry)

    def _note(self, entry: Entry) -> None:
        """Keep a charge that a negative line may take from."""
        own = self._charges.get(entry.line.assignment_id) if entry.line else None
        if own is not None and not entry.takes_back and entry.kind in taking_back.KINDS:
            own[entry.key] = entry


def _may_take_back(facts: CustomerFacts, one: Assignment) -> bool:
    """Whether a negative line may come: the quantity of a prorated assignment falls on some day."""
    package = facts.packages.get(one.package_id)
    return package is not None and package.proration == "daily" and bool(one.end_date or one.terms)


def _debit_switches(facts: CustomerFacts) -> set[date]:
    """The days on which charges of an assignment may come to be debited, or not any more."""
    entries = [entry for one in facts.assignments for entry in one.terms if "auto_decrement_credit" in entry.values]
    return {entry.begins for entry in entries} | {entry.until + DAY for entry in entries if entry.until and entry.until < date.max}
