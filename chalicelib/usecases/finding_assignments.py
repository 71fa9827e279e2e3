"""Finds assignments of all customers: by DID, by when they end, by package, or by the package of ConnexCS that theirs enables."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final, NamedTuple

from ..domain.assignment import Assignment
from ..domain.detail import Detail
from ..storage import assignments, did_tenures, finding
from ..storage.db import Db
from ..storage.finding import End
from ..storage.keys import Key
from .assignments import details
from .finding import FOUND_MAX, LOOKED_AT_MAX

ENDS_AT_ONCE: Final = 500
PACKAGES_AT_ONCE: Final = 5
"""Whose assignments are looked for, for one page."""

_BEGINNING: Final = "-"
"""In place of a key: the first assignment of a package."""


class AssignmentsAsked(NamedTuple):
    """Which assignments are meant; at least one of these says so."""

    package: str | None = None
    connexcs_package: str | None = None
    did: str | None = None
    ends_from: date | None = None
    ends_to: date | None = None

    @property
    def by_end(self) -> bool:
        """Whether they are meant by when they end."""
        return self.ends_from is not None or self.ends_to is not None

    def ends_so(self, one: Assignment) -> bool:
        """Whether an assignment ends when it should."""
        if not self.by_end:
            return True
        first, last = self.ends_from or date.min, self.ends_to or date.max
        return one.end_date is not None and not one.cancelled and first <= one.end_date <= last


def find_assignments(db: Db, today: date, asked: AssignmentsAsked, after: Key | None, limit: int) -> tuple[list[Detail], Key | None]:
    """A page of the assignments that are meant, maybe with fewer than `limit` or none, and where to go on: those of a DID oldest first,
    others by their end or by package. One just made may be missing for a moment where it is looked for by package only."""
    limit = min(limit, FOUND_MAX)
    meant = _packages_meant(db, asked)
    if asked.did is not None:
        found, last = _with_did(db, asked.did, after, limit)
    elif asked.by_end:
        found, last = _by_end(db, asked, meant, after, limit)
    else:
        found, last = _of_packages(db, sorted(meant or ()), after, limit)
    return details(db, [one for one in found if asked.ends_so(one) and (meant is None or one.package_id in meant)], today), last


def _packages_meant(db: Db, asked: AssignmentsAsked) -> Collection[str] | None:
    """The packages by which assignments are meant; None for any."""
    if asked.connexcs_package is None:
        return None if asked.package is None else {asked.package}
    enabling = set(finding.enabling(db, asked.connexcs_package))
    return enabling if asked.package is None else enabling & {asked.package}


def _with_did(db: Db, did: str, after: Key | None, limit: int) -> tuple[list[Assignment], Key | None]:
    since = after["sk"] if after else ""
    tenures = [one for one in did_tenures.find_tenures(db, did).all if one.assignment_id > since]
    found = assignments.find_assignments(db, [(one.customer_id, one.assignment_id) for one in tenures[:limit]])
    return found, {"pk": did, "sk": tenures[limit - 1].assignment_id} if len(tenures) > limit else None


def _by_end(
    db: Db, asked: AssignmentsAsked, meant: Collection[str] | None, after: Key | None, limit: int
) -> tuple[list[Assignment], Key | None]:
    first, last = asked.ends_from or date.min, asked.ends_to or date.max
    found: list[End] = []
    for _ in range(LOOKED_AT_MAX // ENDS_AT_ONCE):
        ends, after = finding.ends_page(db, first, last, after, limit if meant is None else ENDS_AT_ONCE)
        for place, one in ends:
            found += [one] if meant is None or one.package_id in meant else []
            if len(found) == limit:
                return _by_place(db, found), place
        if after is None:
            break
    return _by_place(db, found), after


def _by_place(db: Db, ends: Sequence[End]) -> list[Assignment]:
    """Those that still stand, by their end."""
    found = {(one.customer_id, one.assignment_id): one for one in assignments.find_assignments(db, [one.ids for one in ends])}
    return [found[one.ids] for one in ends if one.ids in found]


def _of_packages(db: Db, package_ids: Sequence[str], after: Key | None, limit: int) -> tuple[list[Assignment], Key | None]:
    """Those of some packages, one package after the other."""
    found: list[Assignment] = []
    rest = [one for one in package_ids if after is None or one >= after["package"]]
    for number, package_id in enumerate(rest):
        if number == PACKAGES_AT_ONCE:
            return found, {"package": package_id, "pk": _BEGINNING, "sk": _BEGINNING}
        start = after if after and after["package"] == package_id and after["pk"] != _BEGINNING else None
        more, last = assignments.list_of_package(db, package_id, start, limit - len(found))
        found += more
        if last is not None:
            return found, last
        if len(found) == limit and number + 1 < len(rest):
            return found, {"package": rest[number + 1], "pk": _BEGINNING, "sk": _BEGINNING}
    return found, None
