"""Sums up what is held, and tries a held charge when somebody asks for it, as the next daily run would."""

from collections.abc import Iterator
from typing import Final

from ..domain import charging
from ..domain.account import demand_unparked
from ..domain.deciding import retries_of
from ..domain.errors import Conflict, NotFound
from ..domain.held import HeldSums, sums_of_held
from ..domain.ledger import Entry, split_entry_id
from ..storage import assignments, ledger
from ..storage.db import Db
from .customers import read_customer
from .poster import Poster
from .posting import post_decisions
from .request_context import RequestContext

_HELD_AT_ONCE: Final = 1000
HELD_SUMMED_MAX: Final = 10_000
"""Held charges that one request sums up: some megabytes of the index."""


def held_sums(db: Db, customer_id: str | None) -> HeldSums:
    """What is held of one customer, or of all."""
    return sums_of_held(_each_held(db, customer_id), HELD_SUMMED_MAX)


def _each_held(db: Db, customer_id: str | None) -> Iterator[Entry]:
    after = None
    while True:
        entries, after = ledger.held_page(db, customer_id, after, _HELD_AT_ONCE)
        yield from entries
        if after is None:
            return


def try_held(db: Db, context: RequestContext, entry_id: str) -> Entry:
    """Post a held charge if it fits by now, with what is held with it; the charge as it stands then. One that is posted already, by a
    daily run for example, is answered as it is. Raises `NotFound`, `Conflict` not_held, parked."""
    customer_id, key = split_entry_id(entry_id)
    entry = ledger.find_entry(db, customer_id, key)
    if entry is None:
        raise NotFound(f"there is no ledger entry {entry_id}")
    if entry.line is None or entry.status == "cancelled":
        raise Conflict("the charge was written off" if entry.line else f"a {entry.kind} is never held", code="not_held")
    if entry.takes_back:
        raise Conflict("a negative line is held with the charge that it takes from; try that charge", code="not_held")
    if entry.status == "held":
        account = read_customer(db, customer_id)
        demand_unparked(account)
        assignment = None if entry.line.is_one_off else assignments.find_assignment(db, customer_id, entry.line.assignment_id)
        together = [
            one._replace(line=charging.as_tried(one.line, assignment, context.today))
            for one in (entry, *ledger.parts_of(db, entry))
            if one.line
        ]
        post_decisions(db, Poster(None, context), retries_of(together), account, {})
        return ledger.find_entry(db, customer_id, key) or entry
    return entry
