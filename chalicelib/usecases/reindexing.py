"""Long work that writes what customers, packages, ends and DIDs are found by, for all that stood before a release that keeps it.

What stands right is left alone; the rest is written on condition that nobody has changed meanwhile what it follows from. So it may run
at any time, and again.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..domain.account import Account
from ..domain.assignment import Assignment
from ..domain.package import Package
from ..domain.posting import TRANSACTION_ACTIONS_MAX
from ..domain.work import WorkRecord
from ..storage import accounts, assignments, did_tenures, finding, packages
from ..storage.db import Action, Db, Item
from ..storage.did_tenures import DidTenures
from ..storage.keys import Key
from ..storage.retry import retry_on_contention
from .request_context import RequestContext, Services
from .runs.sweep import Group, customers
from .segment import Member, Unreadable
from .work import turns
from .work.strategy import NamedFiles, Record

PACKAGES_AT_ONCE: Final = 100
_AT_ONCE: Final = TRANSACTION_ACTIONS_MAX // 2
"""Each with the condition on what it follows from."""


class PackagesSlice(NamedTuple):
    """Some packages; they are no customer's."""

    packages: Sequence[Package]
    last: Key | None
    customer_id: str = ""


def request_reindex(services: Services, context: RequestContext) -> WorkRecord:
    """Have everything indexed that isn't. Raises `Conflict` too_much_work."""
    segments = services.segments + 1  # the last one is the packages
    return turns.begin_work(services, WorkRecord(context.id, "reindex", {}, context.timestamp, context.by, segments))


class ReindexStrategy(NamedFiles):
    """Writes what is missing, and keeps of whom it wrote how much."""

    depth: Final = 2
    file_depth: Final = 0
    resort: Final = None

    def __init__(self, services: Services, found: WorkRecord, line: Callable[[Mapping[str, Any]], bytes]) -> None:
        self._db, self._work, self._line = services.db, found, line

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Member]:
        """Customers with their assignments; in the last segment, packages."""
        customer_segments = self._work.segments - 1
        if segment < customer_segments:
            return customers(self._db, segment, customer_segments, cursor, unreadable)
        return packages_slices(self._db, cursor)

    def records(self, member: Group | PackagesSlice) -> Iterator[Record]:
        """What was missing of a customer, or of packages."""
        if isinstance(member, PackagesSlice):
            for one in member.packages:
                yield from _rewrites("package", one.package_id, _index_package(self._db, one))
            return
        ending = [one for one in member.assignments if finding.end_items(one)]
        batches = (ending[start : start + _AT_ONCE] for start in range(0, len(ending), _AT_ONCE))
        yield from _rewrites(
            "customer",
            member.customer_id,
            _index_account(self._db, member.account)
            + sum(_index_ends(self._db, one) for one in batches)
            + _index_dids(self._db, sorted({one.did for one in member.assignments if one.did})),
        )

    def row(self, records: Iterator[Record]) -> Mapping[str, Any]:
        """Whom it is about, and how much was missing."""
        kind, subject_id = (first := next(records)).key
        return {kind: subject_id, "written": first.value}

    def file_name(self, number: int, _: tuple[str, ...]) -> str:
        """Numbered, if there are very many."""
        return f"reindexed-{number}"

    def line(self, row: Mapping[str, Any]) -> bytes:
        """A row as its line in a file."""
        return self._line(row)


def _rewrites(kind: str, subject_id: str, count: int) -> list[Record]:
    return [Record((kind, subject_id), count)] if count else []


def packages_slices(db: Db, cursor: Key | None) -> Iterator[PackagesSlice]:
    """All packages, some at a time."""
    while True:
        found, cursor = packages.list_packages(db, cursor, PACKAGES_AT_ONCE)
        yield PackagesSlice(found, cursor)
        if cursor is None:
            return


def _index_account(db: Db, seen: Account) -> int:
    def read() -> list[Account]:
        current = accounts.find_account(db, seen.customer_id)
        return [current] if current else []

    return _index(db, [seen], read, lambda one: [*finding.customer_items(one), *finding.parked_items(one)], finding.customer_as_read)


def _index_package(db: Db, seen: Package) -> int:
    def read() -> list[Package]:
        current = packages.find_package(db, seen.package_id)
        return [current] if current else []

    return _index(db, [seen], read, finding.package_items, finding.package_as_read)


def _index_ends(db: Db, seen: Sequence[Assignment]) -> int:
    ids = [(one.customer_id, one.assignment_id) for one in seen]
    return _index(db, seen, lambda: assignments.find_assignments(db, ids), finding.end_items, finding.assignment_as_read)


def _index_dids(db: Db, dids: Sequence[str]) -> int:
    """List the DIDs of a customer, each with all who have it."""
    batches = (dids[start : start + _AT_ONCE] for start in range(0, len(dids), _AT_ONCE))
    return sum(_index_some_dids(db, some) for some in batches)


def _index_some_dids(db: Db, dids: Sequence[str]) -> int:
    def read() -> list[DidTenures]:
        return list(did_tenures.find_tenures_of_many(db, dids).values())

    return _index(db, read(), read, lambda one: did_tenures.did_items(one.did, one.all), did_tenures.tenures_as_read)


def _index(
    db: Db,
    seen: Sequence[Any],
    read: Callable[[], Sequence[Any]],
    items_of: Callable[[Any], list[Item]],
    unchanged: Callable[[Any], Action],
) -> int:
    """Write what is missing of some things, in one transaction with the condition that they are as they were read; how much it was."""
    first = True

    def attempt() -> int:
        nonlocal first
        current, first = seen if first else read(), False
        wrong = [(one, actions) for one in current if (actions := finding.missing(db, items_of(one)))]
        if wrong:
            db.transact([action for one, actions in wrong for action in (unchanged(one), *actions)])
        return sum(len(actions) for _, actions in wrong)

    return retry_on_contention(attempt)
