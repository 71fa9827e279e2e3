"""Changes of packages, customers, assignments and runs: what was done, which fields differ (rules: History). Writes nothing.

Pure: what something was and what it became gives the fields that changed. Counters, marks and times that the service keeps for
itself are no changes.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

from . import money
from .account import Account, Threshold
from .assignment import Assignment, TermsEntry
from .ledger import Entry
from .low_balance import Crossing
from .package import Package, PriceList, wire_match
from .prices import prices_on
from .pricing import ChargeKind
from .record import Result, RunRecord, state_of
from .terms import terms_on
from .work import WorkRecord, WorkState

ChangeType = Literal[
    "package.created", "package.changed", "package.deleted", "package.prices_written", "package.prices_removed",
    "customer.created", "customer.changed", "customer.deleted", "customer.parked", "customer.unparked",
    "assignment.created", "assignment.changed", "assignment.terms_written", "assignment.terms_removed", "assignment.ended",
    "assignment.cancelled", "assignment.removed", "assignment.replaced", "assignment.transferred", "assignment.restored",
    "charge.written_off", "balance.low", "balance.restored", "run.started", "run.finished", "run.reversed", "work.finished",
    "charge.upcoming", "term.ending", "assignment.over", "minutes.used",
    "feature.enabled", "feature.disabled",
]  # fmt: skip
Plain = str | int | bool | list[Any] | None
"""A value as it is kept and shown: money and dates are texts."""

_AUTHORSHIP: Final = {"imported", "version", "created_at", "created_by", "updated_at", "updated_by"}
_KEPT_BY_THE_SERVICE: Final[Mapping[type[tuple[Any, ...]], frozenset[str]]] = {
    Package: frozenset(("package_id", "assignments", "assigned", "price_lists", "superseded_lists")),
    Account: frozenset((
        "customer_id", "balance", "held", "held_ever", "assignments", "entries", "calls", "oversize", "with_minutes", "without_minutes",
        "evaluate_from", "marks", "low", "crossings",
    )),
    Assignment: frozenset((
        "customer_id", "assignment_id", "package_id", "package_version", "evaluate_from", "marks", "charged", "drawn_from", "terms",
        "superseded_terms",
    )),
}  # fmt: skip
"""The fields that are no changes by themselves; dated ones are told day by day."""
_REMOVES: Final = ("customer.deleted", "assignment.removed")
_OF_PRICES: Final = ("package.prices_written", "package.prices_removed")
_OF_LIST: Final = ("existing", "reason")
_OF_ENTRY: Final = ("until", "reason")
_UNNAMED: Final = object()
_NOTICE_VERSION: Final = 1
"""A notice does not change."""
STARTED_VERSION: Final = 1
FINISHED_VERSION: Final = 2
REVERSED_VERSION: Final = 3
"""Versions of a run, which is started, finishes, and may be reversed. One that failed in part may go on and finish again: each time
its version is 2 more."""


class FieldChange(NamedTuple):
    """What a field was before, and is now. `begins`: the day on which the price list or terms entry begins that the field is in; its
    values are those in force on that day."""

    field: str
    before: Plain = None
    after: Plain = None
    begins: date | None = None


class NoticeLine(NamedTuple):
    """A charge to come, as a notice lists it."""

    assignment_id: str
    package_name: str
    did: str | None
    kind: ChargeKind
    quantity: int
    retail: Decimal


class Change(NamedTuple):
    """What was done to one thing: its ids, the version that it has since, the fields that changed.

    A thing that was made or removed has those of its fields that differ from their defaults. `assignments` says of a price list how
    many assignments it is for at once: all that the package has, or 0 if it is for new ones only.

    A notice changes nothing: its `fields` have what it tells, `lines` the first charges. It has an id of its own, and one of the calendar
    is `dated` the day on which it is due (`domain.notices`).
    """

    type: ChangeType
    version: int
    fields: tuple[FieldChange, ...] = ()
    customer_id: str | None = None
    package_id: str | None = None
    assignment_id: str | None = None
    run_id: str | None = None
    entry_id: str | None = None
    work_id: str | None = None
    assignments: int | None = None
    notice_id: str | None = None
    dated: date | None = None
    lines: tuple[NoticeLine, ...] = ()

    @property
    def subject(self) -> str:
        """The id of the thing that was changed: what the type begins with; the notice's own id of a notice."""
        if self.notice_id is not None:
            return self.notice_id
        kind = self.type.partition(".")[0]
        found: str = getattr(self, "entry_id" if kind == "charge" else f"{kind}_id")
        return found


class HistoryItem(NamedTuple):
    """A change, with the instant at which it was written (ISO 8601) and who made it."""

    at: str
    by: str
    change: Change

    @property
    def history_id(self) -> str:
        """Names this item for good. Ids sort by time; that of a notice, which may be made again, by the day on which it is due."""
        return f"{self.change.dated or self.at}~{self.change.type}~{self.change.subject}~{self.change.version}"


def package_change(type_: ChangeType, package: Package, before: Package | None = None) -> Change:
    """What was done to a package or its price lists; `before` is what it was, None for a new one."""
    lists = tuple(_list_changes(before, package)) if before else ()
    concerned = _concerned(before, package, lists) if before and type_ in _OF_PRICES else None
    fields = (*_differences(type_, package, before), *lists)
    return Change(type_, package.version, fields, package_id=package.package_id, assignments=concerned)


def _concerned(old: Package, new: Package, changes: Iterable[FieldChange]) -> int:
    """How many assignments the changed price lists are for, now or before."""
    days = {one.begins for one in changes}
    return new.assignments if any(one.existing for one in (*old.price_lists, *new.price_lists) if one.begins in days) else 0


def customer_change(type_: ChangeType, account: Account, before: Account | None = None) -> Change:
    """What was done to a customer. One that is removed has no version any more: its last one is counted on."""
    version = account.version + (type_ in _REMOVES)
    return Change(type_, version, _differences(type_, account, before), account.customer_id)


def assignment_change(type_: ChangeType, assignment: Assignment, before: Assignment | None = None) -> Change:
    """What was done to an assignment or its terms. One that is removed has no version any more: its last one is counted on."""
    entries = _entry_changes(before or assignment._replace(terms=()), assignment)
    fields = (*_differences(type_, assignment, before), *entries)
    version = assignment.version + (type_ in _REMOVES)
    return Change(type_, version, fields, assignment.customer_id, assignment.package_id, assignment.assignment_id)


def charge_change(type_: ChangeType, entry: Entry, before: Entry) -> Change:
    """What somebody did to a charge by hand."""
    return Change(
        type_, entry.version, (FieldChange("status", before.status, entry.status),), entry.customer_id,
        assignment_id=entry.line.made_by if entry.line else None, run_id=entry.run_id, entry_id=entry.entry_id,
    )  # fmt: skip


def balance_crossing(account: Account, crossing: Crossing) -> Change:
    """A balance fell below a threshold, or is back. Its versions count the crossings."""
    limit = account.debit_limit or money.ZERO
    before, after = (money.plus(one, limit) for one in (crossing.before, crossing.after))
    fields = (
        FieldChange("currency", None, account.currency),
        FieldChange("balance", money.text(crossing.before), money.text(crossing.after)),
        FieldChange("available", money.text(before), money.text(after)),
        FieldChange("below", None, money.text(crossing.threshold.below)),
        FieldChange("restored_at", None, money.text(crossing.threshold.restored_at)),
    )
    return Change(crossing.type, account.crossings + 1, fields, account.customer_id, notice_id=f"{account.customer_id}~balance")


def run_started(run: RunRecord) -> Change:
    """A live run was asked for, or the evaluation of a day began."""
    asked = {"date": run.date, "if_charged": run.if_charged, "include_written_off": run.include_written_off or None}
    fields = tuple(FieldChange(name, None, _plain(value)) for name, value in asked.items() if value is not None)
    return Change("run.started", STARTED_VERSION, fields, run.customer_id, run_id=run.run_id)


def run_finished(run: RunRecord, result: Result) -> Change:
    """A live run, or the evaluation of a day, is through."""
    posted = sum(totals.lines for totals in result.totals.values())
    came = {"status": state_of(result), "lines_posted": posted, "failures_total": result.failed}
    fields = tuple(FieldChange(name, None, value) for name, value in came.items())
    return Change("run.finished", FINISHED_VERSION + 2 * run.reopened, fields, run.customer_id, run_id=run.run_id)


def work_finished(work: WorkRecord, state: WorkState) -> Change:
    """A work is through, or was cancelled."""
    came: dict[str, Plain] = {"kind": work.kind, "status": state, "rows": work.rows, "failures_total": work.failed}
    fields = tuple(FieldChange(name, None, value) for name, value in came.items())
    return Change("work.finished", FINISHED_VERSION, fields, work_id=work.work_id)


def run_reversed(run: RunRecord, day: date) -> Change:
    """The reversal of a run was asked for, dated on a day."""
    return Change(
        "run.reversed", REVERSED_VERSION, (FieldChange("reversed_on", None, day.isoformat()),), run.customer_id, run_id=run.run_id
    )


def notice(type_: ChangeType, notice_id: str, dated: date | None, customer_id: str, fields: Mapping[str, Plain]) -> Change:
    """What a customer is told, field by field."""
    told = tuple(FieldChange(name, None, value) for name, value in fields.items())
    return Change(type_, _NOTICE_VERSION, told, customer_id, notice_id=notice_id, dated=dated)


def _differences(type_: ChangeType, one: Any, before: Any) -> tuple[FieldChange, ...]:
    """The fields that differ from what they were; of a new or removed thing, from their defaults."""
    defaults = type(one)._field_defaults
    names = [name for name in one._fields if name not in _AUTHORSHIP and name not in _KEPT_BY_THE_SERVICE[type(one)]]
    old = {name: defaults.get(name) if before is None else getattr(before, name) for name in names}
    changed = [name for name in names if getattr(one, name) != old[name]]
    if before is not None:
        return tuple(FieldChange(name, _plain_field(before, name), _plain_field(one, name)) for name in changed)
    if type_ in _REMOVES:
        return tuple(FieldChange(name, _plain_field(one, name), None) for name in changed)
    return tuple(FieldChange(name, None, _plain_field(one, name)) for name in changed)


def _plain_field(one: Any, name: str) -> Plain:
    """A field as callers read it: weekdays by name."""
    return wire_match(one.frequency, one.frequency_match) if name == "frequency_match" else _plain(getattr(one, name))


def _plain(value: Any) -> Plain:
    if isinstance(value, Decimal):
        return money.text(value)
    if isinstance(value, tuple):
        return [_plain_member(one) for one in value]
    plain: Plain = value.isoformat() if isinstance(value, date) else value
    return plain


def _plain_member(one: Any) -> Any:
    return {name: money.text(amount) for name, amount in one._asdict().items()} if isinstance(one, Threshold) else one


def _list_changes(old: Package, new: Package) -> Iterator[FieldChange]:
    """What changed in the lists of each day: prices as an assignment that begins on it pays them."""
    lists = [{one.begins: one for one in package.price_lists} for package in (old, new)]
    for day in sorted({*lists[0], *lists[1]}):
        before, after = (by_day.get(day, PriceList(day)) for by_day in lists)
        if before.named != after.named:
            yield from _dated(day, before.named, after.named, prices_on(old, day, day), prices_on(new, day, day))
        yield from _undated(day, before, after, _OF_LIST)


def _entry_changes(old: Assignment, new: Assignment) -> Iterator[FieldChange]:
    """What changed in the terms entries of each day: terms as they are in force on it."""
    entries = [{one.begins: one for one in assignment.terms} for assignment in (old, new)]
    for day in sorted({*entries[0], *entries[1]}):
        before, after = (by_day.get(day, TermsEntry(day)) for by_day in entries)
        if before.values != after.values:
            yield from _dated(day, before.values, after.values, terms_on(old, day), terms_on(new, day))
        yield from _undated(day, before, after, _OF_ENTRY)


def _dated(day: date, named_before: Mapping[str, Any], named: Mapping[str, Any], before: Any, after: Any) -> Iterator[FieldChange]:
    """The fields that one of two entries of a day names and the other does not, or not alike, with their values in force."""
    for name in after._fields:
        if named_before.get(name, _UNNAMED) != named.get(name, _UNNAMED):
            yield FieldChange(name, _plain(getattr(before, name)), _plain(getattr(after, name)), day)


def _undated(day: date, before: Any, after: Any, names: Iterable[str]) -> Iterator[FieldChange]:
    for name in names:
        if getattr(before, name) != getattr(after, name):
            yield FieldChange(name, _plain(getattr(before, name)), _plain(getattr(after, name)), day)
