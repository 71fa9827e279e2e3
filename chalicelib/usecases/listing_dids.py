"""Lists all DIDs, each with who has it: some at a time, each page within `PAGE_UNITS`.

The list says who has each DID on which days; only what a page shows is read itself. What that says by now counts, so an item that a
former release left behind shows no holder who has gone.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from ..domain.assignment import Assignment
from ..domain.did_summary import DidSummary, held_on, summary_of
from ..domain.reconciliation import use_on
from ..domain.tenure import DidTenure, tenure_of
from ..storage import accounts, assignments, did_tenures, packages
from ..storage.db import Db
from ..storage.did_tenures import ListedDid
from ..storage.keys import Key, listed_did_key
from .finding import FOUND_MAX, LOOKED_AT_MAX, PAGE_UNITS

PACKAGES_OF_PAGE: Final = 5
_AT_ONCE: Final = 100


class DidsAsked(NamedTuple):
    """Which DIDs are meant: by their first digits, whether nobody has them today, and who has them today. None: whatever it is."""

    search: str = ""
    free: bool | None = None
    customer: str | None = None

    def means(self, one: ListedDid, today: date) -> bool:
        """Whether a DID is meant."""
        holders = {tenure.customer_id for tenure in held_on(one.tenures, today)}
        return self.free in (None, not holders) and (self.customer is None or self.customer in holders)


def list_dids(db: Db, today: date, asked: DidsAsked, after: Key | None, limit: int) -> tuple[list[DidSummary], Key | None]:
    """A page of the DIDs that are meant, in the order of their digits, maybe with fewer than `limit` or none, and where to go on."""
    found, last = _some(db, today, asked, after, min(limit, FOUND_MAX))
    current = [(one.customer_id, one.assignment_id) for each in found for one in held_on(each.tenures, today)]
    known = {one.assignment_id: one for one in assignments.find_assignments(db, current)}
    fitting = _with_few_packages(found, known, today)
    if len(fitting) < len(found):
        last = listed_did_key(fitting[-1].did)
    return _shown(db, fitting, known, today), last


def _some(db: Db, today: date, asked: DidsAsked, after: Key | None, limit: int) -> tuple[list[ListedDid], Key | None]:
    """The next DIDs that are meant, as far as a page goes with what is to be read of each, and where to go on."""
    found: list[ListedDid] = []
    places: set[str] = set()
    units = looked_at = 0
    while True:
        read = did_tenures.list_dids(db, asked.search, after, limit if asked == DidsAsked(asked.search) else _AT_ONCE)
        units, looked_at = units + read.units, looked_at + len(read.found)
        for one in read.found:
            if asked.means(one, today):
                more = {place for tenure in held_on(one.tenures, today) for place in (tenure.assignment_id, tenure.customer_id)}
                if found and units + len(places | more) + PACKAGES_OF_PAGE > PAGE_UNITS:
                    return found, listed_did_key(found[-1].did)
                found, places = [*found, one], places | more
                if len(found) == limit:
                    return found, listed_did_key(one.did)
            after = listed_did_key(one.did)
        if read.is_last:
            return found, None
        if looked_at >= LOOKED_AT_MAX or units + read.units + len(places) + PACKAGES_OF_PAGE > PAGE_UNITS:
            return found, after


def _with_few_packages(found: Sequence[ListedDid], known: dict[str, Assignment], today: date) -> list[ListedDid]:
    """The first of them, as far as their packages are few enough for a page."""
    fitting: list[ListedDid] = []
    names: set[str] = set()
    for one in found:
        names |= {known[tenure.assignment_id].package_id for tenure in held_on(one.tenures, today) if tenure.assignment_id in known}
        if fitting and len(names) > PACKAGES_OF_PAGE:
            break
        fitting.append(one)
    return fitting


def _shown(db: Db, found: Sequence[ListedDid], known: dict[str, Assignment], today: date) -> list[DidSummary]:
    standing = {one.did: _as_they_are(one.tenures, known, today) for one in found}
    holding = {did: [known[one.assignment_id] for one in held_on(tenures, today)] for did, tenures in standing.items()}
    catalog = packages.find_packages(db, {one.package_id for own in holding.values() for one in own})
    owners = accounts.find_accounts(db, {one.customer_id for own in holding.values() for one in own})
    shown = []
    for did, own in holding.items():
        one = summary_of(did, standing[did], today, [use_on(each, catalog[each.package_id], today) for each in own])
        owner = owners.get(one.customer_id or "")
        shown.append(one._replace(customer_name=owner.name if owner else ""))
    return shown


def _as_they_are(tenures: Sequence[DidTenure], known: dict[str, Assignment], today: date) -> list[DidTenure]:
    """The tenures, as the assignments say by now that were read because they have the DID today."""
    others = [one for one in tenures if one not in held_on(tenures, today)]
    read = [known[one.assignment_id] for one in held_on(tenures, today) if one.assignment_id in known]
    return [*others, *(tenure_of(one) for one in read if not one.cancelled)]
