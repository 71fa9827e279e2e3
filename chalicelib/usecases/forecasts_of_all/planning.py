"""Plans all customers. Pieces keep one record of each customer; merged, they are each there once, in order of customers.

They are then sorted anew: into the rows of customers, largest first, those who run short, by date, those who are parked, and the sums,
which the second merge adds up. A file has the rows of one use and currency, so that a page is one ranged read.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple

from ...domain import money
from ...domain.forecast import Forecast, ForecastRequest, forecast
from ...domain.forecast_changes import Changes, with_changes
from ...domain.forecast_effects import Effect, effects_of
from ...domain.forecast_of_all import CustomerCounts, PlannedSums, added, counted, counts_of, customer_forecast, planned_groups
from ...domain.progress import Progress
from ...domain.work import WorkFailure, WorkRecord
from ...storage import progress
from ...storage.keys import Key
from ..forecasts import WORK_ENTRIES_MAX, FactsWanted, gather_facts
from ..request_context import Services
from ..runs.sweep import Catalog, Group, customers
from ..segment import Member, Unreadable
from ..snapshot import CustomerSnapshot
from ..work.strategy import NamedFiles, Record, Resort
from ..work.sums import Json, largest_first
from .rows import changes_of, customer_of, json_of_customer, json_of_planned, line_of_row, planned_of

Use = Literal["customers", "parked", "short", "sums"] | Effect
"""What rows are for: pages of customers, by amount; customers who are parked; customers who run short, by date; sums; customers to whom
changes do something, by how much that is."""
COUNTS: Final = "counts"
"""The group, beside those of sums, that counts customers."""


class Asked(NamedTuple):
    """What the record of a forecast says."""

    request: ForecastRequest
    first_open_day: date
    changes: Changes | None


def asked_for(request: ForecastRequest, first_open: date) -> dict[str, str]:
    """The days of a forecast, as its record says them."""
    days = {"from": request.first, "to": request.last, "first_open_day": first_open, "today": request.today}
    return {name: day.isoformat() for name, day in days.items()}


def asked_of(found: WorkRecord) -> Asked:
    """What was asked for."""
    said = found.asked
    first, last, today, first_open = (date.fromisoformat(said[name]) for name in ("from", "to", "today", "first_open_day"))
    request = ForecastRequest(first, last, today, listed=0, package_id=said.get("package"))
    return Asked(request, first_open, changes_of(said["changes"]) if "changes" in said else None)


class ForecastOfAll(NamedFiles):
    """Plans each customer as the forecast of one does."""

    depth: Final = 4
    file_depth: Final = 2

    def __init__(self, services: Services, found: WorkRecord) -> None:
        self._db, self._segments, self._max_lines = services.db, found.segments, services.max_lines
        self._asked = asked_of(found)
        self._at = datetime.fromisoformat(found.created_at)
        self._catalog = Catalog(services.db)

    @property
    def resort(self) -> Resort:
        """By what the rows are for."""
        return ForecastByUse()

    @cached_property
    def _standing(self) -> Progress:
        return progress.read_progress(self._db)

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Member]:
        """Customers with all their assignments. Of one who is not whole an earlier message has planned everything."""
        return (group for group in customers(self._db, segment, self._segments, cursor, unreadable) if group.whole)

    def records(self, member: Group) -> Iterator[Record | WorkFailure]:
        """What the days bring to the customer, or that nothing is planned for one who is parked. Of one package, only customers who
        have it."""
        package_id = self._asked.request.package_id
        if package_id and all(one.package_id != package_id for one in member.assignments):
            return
        if member.account.parked:
            yield Record((member.customer_id,), None)
            return
        after, before = self._planned(member)
        for one in after.failures.values():
            yield WorkFailure(one.customer_id, one.code, f"assignment {one.assignment_id}: {one.detail}")
        groups = [[group, key, json_of_planned(sums)] for group, key, sums in planned_groups(after, before)]
        yield Record((member.customer_id,), [json_of_customer(customer_forecast(after, before)), groups])

    def _planned(self, member: Group) -> tuple[Forecast, Forecast | None]:
        """With the changes, if there are any, and then also without them."""
        request, first_open, changes = self._asked
        catalog = self._catalog.of(member.assignments)
        own = {one.package_id: catalog[one.package_id] for one in member.assignments if one.package_id in catalog}
        snapshot = CustomerSnapshot(member.account, member.assignments, own)
        wanted = FactsWanted(first_open, request.last, self._at, self._max_lines, WORK_ENTRIES_MAX)
        facts = gather_facts(self._db, snapshot, self._standing, wanted)
        planned = forecast(facts, request)
        return (forecast(with_changes(facts, changes), request), planned) if changes else (planned, None)

    def row(self, records: Iterator[Record]) -> dict[str, Json]:
        """A row as its record has it; of sums, all that were made apart together."""
        first = next(records)
        use, _, group, key = first.key[: self.depth]
        if use != "sums":
            return {"row": first.value}
        if group == COUNTS:
            counts = CustomerCounts(*first.value)
            for record in records:
                counts = counted(counts, CustomerCounts(*record.value))
            return {"group": group, "key": key, "row": list(counts)}
        sums = planned_of(first.value)
        for record in records:
            sums = added(sums, planned_of(record.value))
        return {"group": group, "key": key, "row": json_of_planned(sums)}

    def file_name(self, _number: int, key: tuple[str, ...]) -> str:
        """What its rows are for, and their currency."""
        return file_name(*key) if key else ""

    def line(self, row: Any) -> bytes:
        """A row as JSON."""
        return line_of_row(row)


def file_name(use: str, currency: str = "") -> str:
    """How a file is called. Several have the same name if there are very many rows."""
    return f"{use}-{currency}" if currency else use


class ForecastByUse:
    """Makes of the records of customers the rows of each use, and the sums of these customers."""

    depth: Final = 1

    def records(self, number: int, groups: Iterator[Iterator[Record]]) -> Iterator[Record]:
        """Rows, and sums of this call's customers, told apart from those of others by `number`."""
        sums: dict[tuple[str, str, str], PlannedSums] = {}
        counts: dict[str, CustomerCounts] = {}
        for (record,) in groups:
            if record.value is None:
                yield _record("parked", "", record.key[0], "", record.key[0])
                continue
            row, planned = record.value
            one = customer_of(row)
            yield _record("customers", one.currency, largest_first(one.planned.sums.retail), one.customer_id, row)
            for effect in effects_of(*one.planned):
                yield _record(effect, one.currency, largest_first(_moved(one.planned)), one.customer_id, row)
            if one.shortage:
                yield _record("short", "", one.shortage.short_on.isoformat(), one.customer_id, row)
            counts[one.currency] = counted(counts.get(one.currency, CustomerCounts()), counts_of(one))
            for group, key, more in [("total", "", one.planned), *_with_months(planned)]:
                place = one.currency, group, key
                sums[place] = added(sums[place], more) if place in sums else more
        for currency, some in counts.items():
            yield Record(("sums", currency, COUNTS, "", f"{number:06}"), list(some))
        for place, planned_sums in sums.items():
            yield Record(("sums", *place, f"{number:06}"), json_of_planned(planned_sums))


def _record(use: Use, currency: str, order: str, customer_id: str, row: Json) -> Record:
    return Record((use, currency, order, customer_id), row)


def _with_months(planned: Iterable[Json]) -> Iterator[tuple[str, str, PlannedSums]]:
    for group, key, value in planned:
        sums = planned_of(value)
        yield group, key, sums
        if group == "day":
            yield "month", key[:7], sums


def _moved(planned: PlannedSums) -> Decimal:
    """By how much changes move the retail."""
    return abs(planned.sums.retail - planned.before.retail) if planned.before else money.ZERO
