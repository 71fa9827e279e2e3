"""Compares what dated facts say was due with what the ledger of a customer has (rules: Audit). Pure: facts and entries in, findings out.

Due lines and entries are merged in the order of their keys, a day at a time. A charge is judged by the prices and terms that were
entered before it was recorded; what has changed since is only noted.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from . import charging, money, taking_back
from .account import Account
from .assignment import Assignment, uncharged_since
from .audit_days import KnownDue, merged, owed_days
from .audit_expected import agrees, before_dated_terms, expected_line
from .audit_facts import Facts, as_of, instants, known_while_made, made_since
from .audit_figures import Amounts, entry_faults, recomputed
from .audit_findings import NO_HELP, Finding
from .audit_sums import LedgerSums
from .charging import Line, Spend
from .finding_kinds import FindingKind
from .ledger import Entry, due_date_key
from .package import Package
from .schedule import DAY
from .standing import Standing, standing_of


class AuditFacts(NamedTuple):
    """All that a customer's ledger is compared with. Due dates `first..last` are compared, all of them without `first`.

    `evaluated` is the last day that all sweeps have passed; `corrected` says of packages, by id, from which day on sweeps still look for
    what a correction of prices made due. `begun_at` tells when a run began; `entries_of_period` has the entries among which are the
    charges that a negative line may take from.
    """

    account: Account
    assignments: Mapping[str, Assignment]
    packages: Mapping[str, Package]
    last: date
    evaluated: date
    spend: Spend
    begun_at: Callable[[str], str | None]
    entries_of_period: Callable[[Line], Iterable[Entry]]
    first: date | None = None
    corrected: Mapping[str, date] = {}


class Audit:
    """One look at a customer. `counts` say what was compared, once `findings` are through."""

    def __init__(self, facts: AuditFacts) -> None:
        self._facts = facts
        self._customer_id, self._currency = facts.account.customer_id, facts.account.currency
        self._latest: dict[str, str] = {}
        self._faulty: set[str] = set()
        self._ledger = LedgerSums()
        self.counts: Counter[str] = Counter()

    def findings(self, entries: Iterable[Entry]) -> Iterator[Finding]:
        """What contradicts what, and what calls for a look, by ledger key. `entries` are those dated in the range, in their order; all of
        the customer's without a first day."""
        self.counts["assignments"] = len(self._facts.assignments)
        due_days = owed_days([self._facts_of(one) for one in self._facts.assignments.values()], self._facts.first, self._facts.last)
        for owed, found in merged(due_days, groupby(entries, attrgetter("date"))):
            told = self._compare(owed, found)
            yield from sorted(told, key=lambda one: (one.key, one.kind))
        if self._facts.first is None:
            yield from self._account_findings()

    def _facts_of(self, one: Assignment) -> Facts:
        return Facts(one, self._facts.packages[one.package_id])

    def _compare(self, owed: Mapping[str, KnownDue], entries: Sequence[Entry]) -> Iterator[Finding]:
        """The findings of a day."""
        charges: dict[str, list[Entry]] = defaultdict(list)
        self._faulty.clear()
        for entry in entries:
            yield from self._by_itself(entry)
            if entry.line and not entry.line.is_one_off:
                charges[due_date_key(entry.key)].append(entry)
        for key, one in owed.items():
            if key not in charges:
                yield from self._not_there(key, one)
        for key, made in charges.items():
            yield from self._there(made, owed.get(key))

    def _by_itself(self, entry: Entry) -> Iterator[Finding]:
        """What can be said of an entry without the facts."""
        self.counts["entries"] += 1
        self.counts["one_off"] += entry.kind == "one_off"
        self._ledger.add(entry)
        faults = "; ".join(entry_faults(entry, self._currency))
        if faults:
            self._faulty.add(entry.key)
            yield self._wrong(entry, faults, None)
        if entry.kind == "credit" and not entry.recharge:
            yield self._of_entry("goodwill", entry, f"credited: {entry.reason or 'no reason given'}", "nothing, if it was meant")

    # What is due and not there

    def _not_there(self, key: str, owed: KnownDue) -> Iterator[Finding]:
        (one, package), due = owed
        spend = self._facts.spend(one, due.period) if due.kind == "minimum_spend" and due.period else None
        line = charging.priced_line(one, package, due, spend)
        if line is None or (line.takes_back and not self._left_to_take(line)):
            return
        self.counts["due_lines"] += 1
        if self._is_marked(one, due.due_date):
            unpark = f"POST /customers/{self._customer_id}/unpark; then " if self._facts.account.parked else ""
            yield self._of_line("marked", key, line, "is due and not posted yet", f"{unpark}the next daily evaluation posts it")
        else:
            detail = "is due, and the ledger does not have it"
            yield self._of_line("missing", key, line, detail, f"{self._run(due.due_date)} posts it")

    def _left_to_take(self, line: Line) -> bool:
        """Whether a negative line that nobody made comes to anything. What was charged again later than its date it could not take from."""
        charges = taking_back.charges_of_period(line, self._facts.entries_of_period(line))
        eve = (line.due_date - DAY).isoformat()
        return bool(taking_back.parts(line, [one for one in charges if not one.repeat or one.recorded_at < eve]))

    def _is_marked(self, one: Assignment, day: date) -> bool:
        """Whether a later run will look at what is due of the assignment on a day."""
        since = uncharged_since(one, self._facts.evaluated + DAY, self._facts.account.evaluate_from)
        return day >= min(since, self._facts.corrected.get(one.package_id, since))

    # What is there

    def _there(self, made: Sequence[Entry], owed: KnownDue | None) -> Iterator[Finding]:
        """The charge of a due date with its repeats, or the parts of a negative line."""
        valid = False
        for entry in made:
            found = self._judged(entry, owed)
            valid |= found is None or found.is_note
            if found:
                yield found
            elif entry.line and entry.line.kind == "minimum_spend":
                yield from self._late_usage(entry, entry.line)
        standing = standing_of(made)
        if made[0].date > self._facts.last:
            self.counts["ahead"] += valid
        else:
            self.counts["due_lines"] += valid
            self.counts[_fate(standing)] += valid
        if standing.charge or standing.is_held:
            yield from self._again(made)
        elif valid and owed and not standing.written_off:
            helps = f"if it should be charged: {self._run(standing.first.date)} charges it again"
            detail = "was reversed, or credited to be charged again, and was not charged again"
            yield self._of_entry("voided", standing.first, detail, helps)

    def _again(self, made: Sequence[Entry]) -> Iterator[Finding]:
        """Charges beyond the first that stands: on purpose, which keys and runs say, or not."""
        standing = [entry for entry in made if _is_charged(entry) and not entry.takes_back]
        for entry in standing[1:]:
            if entry.repeat:
                yield self._of_entry("repeated", entry, f"was charged again by run {entry.run_id}", "credit it, if it was not meant")
            else:
                self.counts["double"] += 1
                yield from self._unexpected(entry, "is charged twice")

    def _judged(self, entry: Entry, owed: KnownDue | None) -> Finding | None:
        """What is wrong with a charge, or worth a note: None if it is as it was due when it was made, and is due so today."""
        line = _line_of(entry)
        one = self._facts.assignments.get(line.assignment_id)
        if one is None:
            return next(self._unexpected(entry, "there is no such assignment"), None)
        facts = owed.facts if owed else self._facts_of(one)
        latest = self._last_change(facts)
        if entry.recorded_at >= latest:
            expected = expected_line(facts, entry, owed.due if owed else None)
            if agrees(expected, facts, entry, line):
                return None
        else:
            known = as_of(facts, entry.recorded_at)
            expected = expected_line(known, entry, None)
            if agrees(expected, known, entry, line):
                return self._corrected(facts, entry, line)
        since = made_since(entry.recorded_at, self._facts.begun_at(entry.run_id) if entry.run_id else None)
        if latest > since:
            for known in known_while_made(facts, since, entry.recorded_at):
                if agrees(expected_line(known, entry, None), known, entry, line):
                    return self._corrected(facts, entry, line)
        return self._otherwise(facts, entry, since, expected)

    def _otherwise(self, facts: Facts, entry: Entry, since: str, expected: Line | None) -> Finding | None:
        """Of a charge that dated facts do not make, planned after `since`. What is not dated may have changed."""
        one, package = facts
        line, own_figures = _line_of(entry), entry.key not in self._faulty
        if own_figures and one.updated_at > since and entry.recorded_at[:10] <= line.due_date.isoformat():
            detail = "was charged ahead of its date; its assignment was ended or changed afterwards"
            return self._of_entry("corrected", entry, detail, "credit what the customer should not pay")
        if expected is None:
            return next(self._unexpected(entry, "is not due by what was entered when it was posted"), None)
        if own_figures and entry.recorded_at < max(package.updated_at, one.updated_at) and before_dated_terms(facts, entry, line, expected):
            self.counts["own_figures"] += 1
            return None
        detail = "is not what was due by the prices and terms that were entered when it was posted"
        return self._wrong(entry, detail, (expected.cost, expected.retail)) if own_figures else None

    def _corrected(self, facts: Facts, entry: Entry, line: Line) -> Finding | None:
        """A note, if it is not due today as it was when it was made."""
        expected = expected_line(facts, entry, None)
        if not _is_charged(entry) or agrees(expected, facts, entry, line):
            return None
        due = (expected.cost, expected.retail) if expected else (money.ZERO, money.ZERO)
        return self._of_entry("corrected", entry, "was right when it was posted; what is entered was corrected since", _differs(entry), due)

    def _late_usage(self, entry: Entry, line: Line) -> Iterator[Finding]:
        """Calls that came after a minimum spend was settled; fewer than it was settled with can't be."""
        one = self._facts.assignments.get(line.assignment_id)
        if one is None or line.period is None or line.spend is None or not _is_charged(entry):
            return
        spent = self._facts.spend(one, line.period)
        if spent == line.spend:
            return
        now = recomputed(line._replace(spend=spent))
        detail = f"was settled with calls of {money.text(line.spend)}; by now they come to {money.text(spent)}"
        if spent < line.spend:
            yield self._wrong(entry, detail, now)
        else:
            yield self._of_entry("late_usage", entry, detail, _differs(entry), now)

    def _last_change(self, facts: Facts) -> str:
        known = self._latest.get(facts.assignment.assignment_id)
        if known is None:
            known = self._latest[facts.assignment.assignment_id] = (instants(facts) or [""])[-1]
        return known

    # The account

    def _account_findings(self) -> Iterator[Finding]:
        """What the ledger as a whole says."""
        account, sums = self._facts.account, self._ledger
        yield from sums.findings(self._customer_id, self._currency)
        helps = "python -m tools.balances --repair, which derives it from the ledger"
        if account.balance != sums.balance:
            detail = f"the balance is {money.text(account.balance)}, the ledger adds up to {money.text(sums.balance)}"
            yield Finding("balance", self._customer_id, "", detail, helps, self._currency)
        if account.held != sums.held:
            detail = f"{account.held} held charges are counted, the ledger has {sums.held}"
            yield Finding("held", self._customer_id, "", detail, helps, self._currency)

    # How findings are told

    def _of_entry(self, kind: FindingKind, entry: Entry, detail: str, helps: str, due: Amounts | None = None) -> Finding:
        return Finding(kind, self._customer_id, entry.key, detail, helps, entry.currency, entry.line, (entry.cost, entry.retail), due)

    def _of_line(self, kind: FindingKind, key: str, line: Line, detail: str, helps: str) -> Finding:
        return Finding(kind, self._customer_id, key, detail, helps, line.currency, line, None, (line.cost, line.retail))

    def _run(self, day: date) -> str:
        return f'POST /runs {{"customer": "{self._customer_id}", "date": "{day}", "simulate": "no", "if_charged": "skip"}}'

    def _unexpected(self, entry: Entry, detail: str) -> Iterator[Finding]:
        if _is_charged(entry):
            helps = f"POST /held/{entry.entry_id}/cancellation" if entry.status == "held" else _credit(entry)
            yield self._of_entry("unexpected", entry, detail, helps, (money.ZERO, money.ZERO))

    def _wrong(self, entry: Entry, detail: str, due: Amounts | None) -> Finding:
        return self._of_entry("amount", entry, detail, _differs(entry) if entry.line else NO_HELP, due)


def _line_of(entry: Entry) -> Line:
    if entry.line is None:
        raise ValueError(f"a {entry.kind} is no charge")
    return entry.line


def _is_charged(entry: Entry) -> bool:
    """Whether a charge is, or may come to be, the customer's."""
    return entry.stands or entry.status == "held"


def _fate(standing: Standing) -> str:
    """What became of a due line, as it is counted."""
    if standing.charge:
        return "posted"
    if standing.is_held:
        return "held_lines"
    return "written_off" if standing.written_off else "reversed"


def _credit(entry: Entry) -> str:
    return f"POST /customers/{entry.customer_id}/ledger/{entry.entry_id}/credit"


def _differs(entry: Entry) -> str:
    return f"{_credit(entry)}, or POST /customers/{entry.customer_id}/charges for the difference"
