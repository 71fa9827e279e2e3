"""Decides for each customer as a live run does, and keeps that. Pieces keep one record of each customer; these are then sorted anew: into
plans, by customer, customers by amount, and sums of packages and of currencies, which the second merge adds up.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any, Final, Literal

from ...domain import account as credits
from ...domain.digest import canonical_lines, digest_of
from ...domain.report import SummaryGroup, Totals, merge
from ...domain.simulating import simulated
from ...domain.work import WorkRecord
from ...storage.keys import Key
from ..request_context import RequestContext, Services
from ..runs.deciding import load_and_decide
from ..runs.kept import PLANS, row_of_digest, row_of_line, simulated_request
from ..runs.reports import SummaryGroups
from ..runs.sweep import Catalog, Group, customers
from ..segment import Unreadable
from ..work.strategy import NamedFiles, Record, Resort
from ..work.sums import Json, json_of_totals, largest_first, totals_of

Use = Literal["customers", "packages", "parked", "plans", "totals"]
"""What rows are for: customers, largest first; sums of packages; customers who are parked; plans; sums by currency."""
SUMS: Final = ("packages", "totals")


class KeptSimulation(NamedFiles):
    """A simulation of all customers that is kept."""

    depth: Final = 3
    file_depth: Final = 1

    def __init__(self, services: Services, found: WorkRecord) -> None:
        self._db, self._segments = services.db, found.segments
        self._request = simulated_request(found)
        at, today = datetime.fromisoformat(found.created_at), date.fromisoformat(found.asked["today"])
        self._context = RequestContext(found.created_by, at, today, found.work_id, lambda: at)
        self._catalog = Catalog(services.db)

    @property
    def resort(self) -> Resort:
        """By what the rows are for."""
        return _ByUse()

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Group]:
        """Customers with all their assignments. Of one who is not whole an earlier message has decided everything."""
        return (group for group in customers(self._db, segment, self._segments, cursor, unreadable) if group.whole)

    def records(self, member: Group) -> Iterator[Record]:
        """The sums and the plan of a customer for whom anything is decided, or that nothing is for one who is parked."""
        if member.account.parked:
            yield Record((member.customer_id,), None)
            return
        [seen] = load_and_decide(self._db, self._context, [member], self._request, self._catalog.of(member.assignments))
        credit = credits.current_credit(seen.account)
        sums = SummaryGroups()
        for outcome in simulated(seen.decisions, credit):
            sums.add(outcome)
        if seen.decisions:
            lines = canonical_lines(seen.decisions, credit)
            yield Record((member.customer_id,), [list(map(_json_of_group, sums.packages)), digest_of(lines), lines])

    def row(self, records: Iterator[Record]) -> Json:
        """A row as its record has it; of sums, all that were made apart together."""
        first = next(records)
        if first.key[0] not in SUMS:
            return {"row": first.value}
        group = group_of(first.value)
        for record in records:
            group = _added(group, group_of(record.value))
        return {"row": _json_of_group(group)}

    def line(self, row: Any) -> bytes:
        """A row as JSON."""
        return json.dumps(row["row"], separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


class _ByUse:
    """Makes of the records of customers the rows of each use, and the sums of these customers."""

    depth: Final = 1

    def records(self, number: int, groups: Iterator[Iterator[Record]]) -> Iterator[Record]:
        """Rows, and sums of this call's customers, told apart from those of others by `number`."""
        sums: dict[tuple[str, str, str], SummaryGroup] = {}
        for (record,) in groups:
            customer_id = record.key[0]
            if record.value is None:
                yield _record("parked", customer_id, "", customer_id)
                continue
            packages, digest, lines = record.value
            own = list(map(group_of, packages))
            yield from _plan(customer_id, digest, lines)
            yield from _customer(customer_id, own, digest)
            for one in own:
                for use, group in (("packages", one), ("totals", one._replace(id="", name=""))):
                    place = use, group.id, group.currency
                    sums[place] = _added(sums[place], group) if place in sums else group
        for place, group in sums.items():
            yield Record((*place, f"{number:06}"), _json_of_group(group))


def _record(use: Use, order: str, further: str, row: Json) -> Record:
    return Record((use, order, further, ""), row)


def _plan(customer_id: str, digest: str, lines: Iterable[str]) -> Iterator[Record]:
    yield _record(PLANS, customer_id, "", row_of_digest(customer_id, digest))
    for number, line in enumerate(lines):
        yield _record(PLANS, customer_id, f"{number:08}", row_of_line(customer_id, line))


def _customer(customer_id: str, packages: Iterable[SummaryGroup], digest: str) -> Iterator[Record]:
    by_currency: dict[str, Totals] = {}
    for one in packages:
        by_currency[one.currency] = merge(by_currency.get(one.currency, Totals()), one.totals)
    for currency, totals in by_currency.items():
        row = [_json_of_group(SummaryGroup(customer_id, customer_id, currency, totals)), digest]
        yield Record(("customers", largest_first(totals.retail), customer_id, currency), row)


def _added(one: SummaryGroup, other: SummaryGroup) -> SummaryGroup:
    return one._replace(totals=merge(one.totals, other.totals))


def _json_of_group(one: SummaryGroup) -> Json:
    return [one.id, one.name, one.currency, json_of_totals(one.totals)]


def group_of(value: Json) -> SummaryGroup:
    """What was written."""
    group_id, name, currency, totals = value
    return SummaryGroup(group_id, name, currency, totals_of(totals))
