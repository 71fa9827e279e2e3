"""What the calendar has to say about a customer: charges to come, terms that end, what is over (rules: Notices).

Pure: of a customer's facts and the days whose notices are due. Each notice has an id of its own, made of what it is about, so that it
is kept once however often it is made.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from . import charging, money
from .account import Account, current_credit
from .assignment import Assignment
from .charging import Line
from .forecast_account import PlannedAccount, PlannedLine
from .forecast_days import CustomerFacts, DueDays, spend_with_calls
from .history import Change, ChangeType, NoticeLine, Plain, notice
from .package import Package
from .schedule import DAY

LINES_TOLD: Final = 100
LINES_PLANNED_MAX: Final = 2_000_000


class NoticeSpan(NamedTuple):
    """The days whose notices are due: those after `passed`, through `day`. What lies no later than `today` is not ahead any more."""

    passed: date
    day: date
    today: date


class Ahead(NamedTuple):
    """A range of dates that are told so many days before."""

    days: int
    first: date
    last: date


class UpcomingCharges(NamedTuple):
    """The assignments of a customer, by id, on which something may be due on a date that is told so many days before."""

    date: date
    days: int
    assignments: frozenset[str]


@lru_cache(maxsize=64)
def dates_ahead(span: NoticeSpan, distances: tuple[int, ...]) -> tuple[Ahead, ...]:
    """The dates of which is to be told. What should have been told on an earlier day is told late, unless a later notice of the same date
    takes its place, or the date has come."""
    latest, nearer, found = max(span.day, span.today), 0, []
    for days in filter(None, sorted(distances)):
        first, last = max(_after(span.passed, days), _after(latest, nearer)), _after(span.day, days)
        if first < last:
            found.append(Ahead(days, first + DAY, last))
        nearer = days
    return tuple(found)


def _after(day: date, days: int) -> date:
    return day + timedelta(days=days) if (date.max - day).days > days else date.max


def upcoming_charges(
    found: Iterable[Assignment], catalog: Mapping[str, Package], span: NoticeSpan, usual: tuple[int, ...]
) -> list[UpcomingCharges]:
    """The dates on which something may be charged of which the customer is to be told now: so many days before as its package says, or
    else as is `usual`."""
    ids: dict[tuple[date, int], set[str]] = defaultdict(set)
    for one in found:
        package = catalog[one.package_id]
        for ahead in dates_ahead(span, usual if package.notice_days is None else package.notice_days):
            for due in charging.dues(one, package, ahead.first, ahead.last):
                ids[due.due_date, ahead.days].add(one.assignment_id)
    return [UpcomingCharges(*place, frozenset(some)) for place, some in sorted(ids.items())]


def needs_planning(account: Account, lines: Iterable[Line]) -> bool:
    """Whether what comes of these lines depends on more than prices: on the balance, on calls, or on charges that are there."""
    limited = account.debit_limit is not None
    return any((limited and line.auto_decrement_credit) or line.takes_back or line.kind == "minimum_spend" for line in lines)


def lines_due_on(found: Iterable[Assignment], catalog: Mapping[str, Package], asked: UpcomingCharges) -> list[Line]:
    """What is due on the date, in order; a minimum spend as if nothing were spent."""
    wanted = (one for one in found if one.assignment_id in asked.assignments)
    return charging.in_order(
        line
        for one in wanted
        for line in charging.priced_lines(one, catalog[one.package_id], asked.date, asked.date, lambda _, __: money.ZERO)
    )


def planned_lines(facts: CustomerFacts, dates: Sequence[date]) -> list[PlannedLine]:
    """What the planner makes of the charges of some dates, through the last of them."""
    last = max(dates)
    planned = PlannedAccount(facts, current_credit(facts.account))
    all_planned = planned.evaluate_all(DueDays(facts, last, spend_with_calls(facts), LINES_PLANNED_MAX), last)
    return [one for one in all_planned if one.line.due_date in dates and not one.released]


def upcoming_notice(account: Account, asked: UpcomingCharges, lines: Iterable[PlannedLine]) -> Change | None:
    """Tells what is charged on a date; None if it is nothing. `lines` are those of the date, maybe also of others and of more assignments
    than are asked for. The charges suffice if none of those is held."""
    told = [
        one for one in lines if one.line.due_date == asked.date and one.line.retail and one.line.assignment_id in asked.assignments
    ]  # fmt: skip
    if not told:
        return None
    fields: dict[str, Plain] = {
        "date": asked.date.isoformat(), "days": asked.days, "currency": account.currency, "lines_total": len(told),
        "retail": money.text(money.total(one.line.retail for one in told)), "balance": money.text(account.balance),
        "suffices": all(one.status == "posted" for one in told),
    }  # fmt: skip
    listed = tuple(_notice_line(one.line) for one in told[:LINES_TOLD])
    notice_id, dated = f"{account.customer_id}~{asked.date}~{asked.days}", asked.date - timedelta(days=asked.days)
    return notice("charge.upcoming", notice_id, dated, account.customer_id, fields)._replace(lines=listed)


def _notice_line(line: Line) -> NoticeLine:
    return NoticeLine(line.assignment_id, line.package_name, line.did, line.kind, line.quantity, line.retail)


def ends_told(found: Iterable[Assignment], catalog: Mapping[str, Package], span: NoticeSpan, term: tuple[int, ...]) -> Iterator[Change]:
    """Tells of terms that end soon, and of assignments that are over since the day before, or since days that were missed."""
    for one in found:
        if one.end_date is None or one.cancelled:
            continue
        if span.passed <= one.end_date < span.day:
            fields: dict[str, Plain] = {"end_date": one.end_date.isoformat(), "replaced_by": one.replaced_by}
            yield _of_assignment("assignment.over", f"{one.assignment_id}~{one.end_date}", one.end_date + DAY, one, catalog, fields)
        if one.replaced_by is None:
            yield from _term_ending(one, one.end_date, catalog, dates_ahead(span, term))


def _term_ending(one: Assignment, end: date, catalog: Mapping[str, Package], ahead: Iterable[Ahead]) -> Iterator[Change]:
    """What goes on as another assignment is no end of a term."""
    for days in (some.days for some in ahead if some.first <= end <= some.last):
        fields: dict[str, Plain] = {"end_date": end.isoformat(), "days": days}
        yield _of_assignment("term.ending", f"{one.assignment_id}~{end}~{days}", end - timedelta(days=days), one, catalog, fields)


def _of_assignment(
    type_: ChangeType, notice_id: str, dated: date, one: Assignment, catalog: Mapping[str, Package], fields: Mapping[str, Plain]
) -> Change:
    named: dict[str, Plain] = {"package_name": catalog[one.package_id].name, "did": one.did, **fields}
    made = notice(type_, notice_id, dated, one.customer_id, named)
    return made._replace(assignment_id=one.assignment_id, package_id=one.package_id)
