"""What is due of a customer day by day, beside what the ledger has of the day (rules: Audit). One day is held at a time, and as much of
what is due as a window has."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from . import charging
from .assignment import Assignment, first_day
from .audit_facts import Facts
from .ledger import Entry
from .pricing import Due
from .schedule import DAY

WINDOW_LINES_MAX: Final = 20_000
"""Due lines that are held at a time, of a customer with at most so many assignments; of others those of one day."""
WINDOW_DAYS_MAX: Final = 31


class KnownDue(NamedTuple):
    """Something that is due by the facts as they are."""

    facts: Facts
    due: Due


DatedDues = tuple[date, dict[str, KnownDue]]
"""A day with what is due on it, by ledger key."""


def owed_days(known: Sequence[Facts], first: date | None, last: date) -> Iterator[DatedDues]:
    """The days `first..last` on which something is due by facts as they are, in order; without `first` from the beginning on."""
    if not known:
        return
    begun = first or min(first_day(one) for one, _ in known)
    span = timedelta(days=min(WINDOW_DAYS_MAX, max(1, WINDOW_LINES_MAX // len(known))) - 1)
    while begun <= last:
        end = min(last, begun + span)
        days: dict[date, dict[str, KnownDue]] = defaultdict(dict)
        for each in known:
            for due in charging.dues(*each, begun, end):
                days[due.due_date][_key_of(each.assignment, due)] = KnownDue(each, due)
        yield from sorted(days.items())
        begun = end + DAY


def merged(owed: Iterator[DatedDues], dated: Iterable[tuple[date, Iterable[Entry]]]) -> Iterator[tuple[dict[str, KnownDue], list[Entry]]]:
    """What is due and what the ledger has, of each day on which there is something; in order."""
    entries = iter(dated)
    due, has = next(owed, None), next(entries, None)
    while due or has:
        day = min(one[0] for one in (due, has) if one)
        yield due[1] if due and due[0] == day else {}, list(has[1]) if has and has[0] == day else []
        due = next(owed, None) if due and due[0] == day else due
        has = next(entries, None) if has and has[0] == day else has


def _key_of(one: Assignment, due: Due) -> str:
    return f"{_day_text(due.due_date)}~{_KINDS[due.kind]}~{one.assignment_id}"


_KINDS: Final = {kind: f"{order}-{kind}" for kind, order in charging.KIND_ORDER.items()}
_day_text: Final = lru_cache(maxsize=1024)(date.isoformat)
