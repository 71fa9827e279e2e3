"""Changing the dated terms of an assignment: an entry is made, amended or removed (rules: Terms of an assignment).

An entry that a charge may have used is kept, with the moment at which it was superseded, for whoever checks that charge later.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from . import money
from .assignment import Assignment, TermsEntry, counted_from
from .charging import Line, priced_lines, schedule_of
from .errors import Fault
from .package import Package
from .prices import highest, prices_on
from .schedule import DAY
from .terms import Terms, change_days, terms_on
from .warning import BillingWarning

TERMS_ENTRIES_MAX: Final = 200
SUPERSEDED_MAX: Final = 1000
"""Entries that are kept for audits: an item takes 400 KB."""
DATED_FIELDS: Final = Terms._fields
FIRST_VALUES: Final = tuple(name for name in DATED_FIELDS if name != "paused")
"""The dated fields that an assignment has values of its own for, which hold where no entry does."""

_DATES_AHEAD: Final = 100
"""Due dates that a change is followed for: what the ledger is asked for in one batch."""
_NAMED_DATES_MAX: Final = 5
"""Skipped due dates that a warning names."""


def entry_at(assignment: Assignment, begins: date) -> TermsEntry | None:
    """The entry that begins on a day; None when none does."""
    return next((one for one in assignment.terms if one.begins == begins), None)


def with_entry(assignment: Assignment, entry: TermsEntry, *, keep_end: bool = False) -> Assignment:
    """The assignment with an entry. One that begins on the same day is amended field by field, and ends when the new one does, or,
    with `keep_end`, as it did."""
    standing = entry_at(assignment, entry.begins)
    if standing:
        until = standing.until if keep_end else entry.until
        entry = entry._replace(until=until, values={**standing.values, **entry.values})
    others = (one for one in assignment.terms if one.begins != entry.begins)
    return assignment._replace(terms=tuple(sorted([*others, entry], key=lambda one: one.begins)))


def without_entry(assignment: Assignment, begins: date) -> Assignment:
    """The assignment without the entry of a day."""
    return assignment._replace(terms=tuple(one for one in assignment.terms if one.begins != begins))


def superseding(old: Assignment, new: Assignment, at: str) -> Assignment:
    """The `new` assignment with the entries that only `old` has kept for audits."""
    gone = [one._replace(superseded_at=at) for one in old.terms if one not in new.terms]
    return new._replace(superseded_terms=(*new.superseded_terms, *gone))


def as_shown(assignment: Assignment, day: date) -> Assignment:
    """The assignment with the values that hold on a day, or on its start date where that is later, in place of the first ones."""
    if not assignment.terms:
        return assignment
    terms = terms_on(assignment, max(day, assignment.start_date))
    return assignment._replace(**{name: getattr(terms, name) for name in FIRST_VALUES})


def same_terms(one: Assignment, other: Assignment) -> bool:
    """Whether both have the same terms on every day."""
    start = min(one.start_date, other.start_date)
    days = {start, *change_days(one, start, date.max), *change_days(other, start, date.max)}
    return all(terms_on(one, day) == terms_on(other, day) for day in days)


def terms_faults(assignment: Assignment, package: Package) -> Iterator[Fault]:
    """What is wrong with the terms of an assignment, whenever they hold."""
    if len(assignment.terms) > TERMS_ENTRIES_MAX:
        yield Fault("/terms", f"an assignment has at most {TERMS_ENTRIES_MAX} entries")
    if len(assignment.superseded_terms) > SUPERSEDED_MAX:
        yield Fault("/terms", f"more than {SUPERSEDED_MAX} entries were replaced or removed; end this assignment and make another")
    start = assignment.start_date
    if terms_on(assignment, start).paused and not assignment.replaces:
        yield Fault("/paused", f"the start date, {start}, can't be paused")
    gives = package.type == "free_minutes"
    for entry in assignment.terms:
        if "free_minutes" in entry.values and (entry.values["free_minutes"] is not None) != gives:
            problem = "is required for a package of type free_minutes" if gives else "only packages of type free_minutes give minutes"
            yield Fault("/free_minutes", problem)
        if entry.until is not None and entry.until < entry.begins:
            yield Fault("/until", f"lies before the first day, {entry.begins}")
    yield from _amount_faults(assignment, package)


def first_terms_faults(start: date | None, begins: Iterable[date]) -> Iterator[Fault]:
    """What is wrong with the days on which the terms begin that an assignment is made with."""
    seen: set[date] = set()
    for n, day in enumerate(begins):
        if start and day < start:
            yield Fault(f"/terms/{n}/from", f"lies before the start date, {start}")
        if day in seen:
            yield Fault(f"/terms/{n}/from", "another entry begins on the same day")
        seen.add(day)


def _amount_faults(assignment: Assignment, package: Package) -> Iterator[Fault]:
    """Unit price x quantity stays below 10^15."""
    listed = highest(package)
    setup = max(assignment.setup_cost or money.ZERO, assignment.setup_retail or money.ZERO)
    start = assignment.start_date
    for day in (start, *change_days(assignment, start, date.max)):
        terms = terms_on(assignment, day)
        price = max(listed, setup, terms.retail or money.ZERO, terms.cost or money.ZERO)
        if money.times(price, terms.quantity) >= money.AMOUNT_MAX:
            yield Fault("/quantity", f"{terms.quantity} x {money.text(price)} is not below {money.text(money.AMOUNT_MAX)}")
            return


def altered(old: Assignment, new: Assignment, package: Package, since: date) -> tuple[list[Line], list[Line]]:
    """The charges from `since` on that a change takes away or alters, and those that it makes or alters them to.

    Of the coming ones the first hundred due dates are compared, at no spend.
    """
    ends = [schedule_of(one, package).upcoming(max(since, one.start_date), _DATES_AHEAD) for one in (old, new)]
    last = max((dates[-1] for dates in ends if dates), default=since) + DAY
    before, after = (priced_lines(one, package, since, last, _no_spend) for one in (old, new))
    return [line for line in before if line not in after], [line for line in after if line not in before]


def _no_spend(*_: object) -> Decimal:
    return money.ZERO


def terms_warnings(assignment: Assignment, package: Package, begins: Iterable[date]) -> Iterator[BillingWarning]:
    """What is odd about the entries that begin on these days: it may not be what was meant."""
    for entry in (one for day in begins if (one := entry_at(assignment, day))):
        if {"retail", "cost", "discount"} & entry.values.keys():
            yield from terms_below_cost(assignment, package, entry.begins, entry.until or date.max)
        if entry.values.get("paused"):
            yield from _skipped(assignment, package, entry)
        if entry.values.get("discount") and not any(altered(_unsaid(assignment, entry, "discount"), assignment, package, entry.begins)):
            through = f" through {entry.until}" if entry.until else " on"
            detail = f"the discount from {entry.begins}{through} reduces nothing: no charge that it applies to falls due"
            yield BillingWarning("no_line_affected", detail, "/discount")


def terms_below_cost(assignment: Assignment, package: Package, first: date, last: date) -> Iterator[BillingWarning]:
    """Whether a retail of its own, after discount, lies below the cost on a day in `first..last`."""
    begun = max(first, assignment.start_date)
    lists = (one.begins for one in package.price_lists if begun < one.begins <= last)
    for day in sorted({begun, *change_days(assignment, begun, last), *lists}):
        terms, prices = terms_on(assignment, day), prices_on(package, day, counted_from(assignment))
        cost = prices.cost if terms.cost is None else terms.cost
        if terms.retail is not None and terms.retail * (100 - terms.discount) < cost * 100:
            retail = money.shown(money.discounted_share(terms.retail, terms.discount, 1, 1), package.currency)
            detail = f"from {day} on, {retail} lies below the cost, {money.shown(cost, package.currency)} {package.currency}"
            yield BillingWarning("below_cost", f"{detail}: each unit charged loses the difference", "/retail")
            return


def _skipped(assignment: Assignment, package: Package, entry: TermsEntry) -> Iterator[BillingWarning]:
    before, after = altered(_unsaid(assignment, entry, "paused"), assignment, package, entry.begins)
    kept = {line.identity for line in after}
    gone = [line for line in before if line.kind == "recurring" and line.identity not in kept]
    if gone:
        named = [f"{line.due_date} ({money.shown(line.retail, line.currency)} {line.currency})" for line in gone[:_NAMED_DATES_MAX]]
        more = f" and {len(gone) - _NAMED_DATES_MAX} more" if len(gone) > _NAMED_DATES_MAX else ""
        endless = " and all that follow" if entry.until is None else ""
        detail = f"skips what is due on {', '.join(named)}{endless or more}; this is not charged later"
        yield BillingWarning("skips_due_dates", detail, "/paused")


def _unsaid(assignment: Assignment, entry: TermsEntry, name: str) -> Assignment:
    """The assignment as if the entry did not name a field."""
    values = {other: value for other, value in entry.values.items() if other != name}
    return with_entry(without_entry(assignment, entry.begins), entry._replace(values=values))
