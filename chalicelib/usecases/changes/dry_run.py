"""The dry run of a change, as long work: who is met, who can't be changed and why, and what the coming days would bring more or less."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, NamedTuple

from ...domain import money
from ...domain.assignment import Assignment
from ...domain.changing import COMPARED_DAYS, Change, changed_prices
from ...domain.errors import BillingError, Conflict, Throttled, code_and_detail
from ...domain.forecast import Forecast, ForecastRequest, forecast
from ...domain.forecast_days import CustomerFacts
from ...domain.package import Package, PriceList
from ...domain.price_lists import with_list
from ...domain.progress import Progress
from ...domain.report import Totals, merge
from ...domain.schedule import first_open_day
from ...domain.work import WorkFailure, WorkRecord
from ...storage import packages, progress
from ...storage.keys import Key
from ..forecasts import WORK_ENTRIES_MAX, FactsWanted, gather_facts
from ..reindexing import PackagesSlice, packages_slices
from ..request_context import RequestContext, Services
from ..runs.sweep import Catalog, Group, customers, named_customers
from ..segment import Member, Unreadable
from ..snapshot import CustomerSnapshot
from ..work.strategy import NamedFiles, Record
from ..work.sums import Json, json_of_totals, totals_of
from .planning import PlannedChange, plan_change, plan_prices, standing_list

ITEMS: Final = "items"
"""What can be changed, or was."""
REFUSED: Final = "refused"
SUMS: Final = "sums"


class ComparedSums(NamedTuple):
    """What the coming days bring with the change and without it, and how many customers are compared."""

    before: Totals
    after: Totals
    customers: int


class ChangeForms(NamedTuple):
    """How a row is written as a line of a file, and the id that derives from a moment and a text."""

    line: Callable[[Mapping[str, Any]], bytes]
    new_id: Callable[[datetime, str], str]


def context_of(context: RequestContext, found: WorkRecord) -> RequestContext:
    """As whoever asked for a work, at the moment of asking: what a work writes says so however often its messages come."""
    at = datetime.fromisoformat(found.created_at)
    return context._replace(by=found.created_by, at=at, id=found.work_id, clock=lambda: at)


def refusal_of(error: Exception) -> dict[str, str]:
    """Why something can't be changed."""
    code, detail = code_and_detail(error)
    return {"code": code, "detail": detail}


class ChangeRows(NamedFiles):
    """How the rows of changes are merged and written: those that are changed, those that are not, and sums by currency."""

    depth: Final = 3
    file_depth: Final = 1
    resort: Final = None
    _line: Callable[[Mapping[str, Any]], bytes]

    def row(self, records: Iterator[Record]) -> Mapping[str, Any]:
        """A row as its record has it; of sums, those of all customers together."""
        first = next(records)
        if first.key[0] != SUMS:
            row: Mapping[str, Any] = first.value
            return row
        sums = compared_sums(first.value)
        for record in records:
            sums = _together(sums, compared_sums(record.value))
        return {"currency": first.key[1], "sums": _json_of_compared(sums)}

    def line(self, row: Mapping[str, Any]) -> bytes:
        """A row as its line in a file."""
        return self._line(row)


class ChangeDryRun(ChangeRows):
    """Plans a change for everybody, and writes nothing."""

    def __init__(self, services: Services, context: RequestContext, found: WorkRecord, change: Change, forms: ChangeForms) -> None:
        self._services, self._db, self._work, self._change = services, services.db, found, change
        self._context = context_of(context, found)
        self._catalog = Catalog(services.db)
        self._line = forms.line

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Member]:
        """Customers with their assignments; in the last segment, packages. Those that are named are in the first one."""
        customer_segments = self._work.segments - 1
        if self._change.where.customers:
            return named_customers(self._db, self._change.where.customers, cursor, unreadable) if segment == 0 else iter(())
        if segment < customer_segments:
            return (one for one in customers(self._db, segment, customer_segments, cursor, unreadable) if one.whole)
        return packages_slices(self._db, cursor) if self._change.what == "price" else iter(())

    def records(self, member: Group | PackagesSlice) -> Iterator[Record | WorkFailure]:
        """What becomes of each one that is meant, and what that changes for a customer."""
        if isinstance(member, PackagesSlice):
            for package in member.packages:
                if self._change.where.means_package(package):
                    yield self._package_record(package)
            return
        if self._change.what == "price":
            lists = self._lists
            changed = {one.package_id for one in member.assignments} & lists.keys()
            yield from self._compared(member, {}, {}, {one: lists[one] for one in changed})
            return
        planned: dict[str, PlannedChange] = {}
        for one in member.assignments:
            if self._change.where.means(one, member.account.currency):
                yield self._planned(one, member.account.name, planned)
        others = {name: package for plan in planned.values() for name, package in plan.packages.items()}
        yield from self._compared(member, planned, others, {})

    def _planned(self, one: Assignment, customer_name: str, planned: dict[str, PlannedChange]) -> Record:
        package = self._catalog.of([one]).get(one.package_id)
        said = {
            "customer_id": one.customer_id, "assignment_id": one.assignment_id, "package_id": one.package_id, "did": one.did,
            "version": one.version, "customer_name": customer_name, "package_name": package and package.name,
        }  # fmt: skip
        try:
            plan = plan_change(self._db, self._context, self._change, (one.customer_id, one.assignment_id))
        except Throttled:
            raise
        except BillingError as error:
            return Record((REFUSED, one.customer_id, one.assignment_id), {**said, **refusal_of(error)})
        planned[one.assignment_id] = plan
        return Record((ITEMS, one.customer_id, one.assignment_id), {**said, "version": plan.old.version, "before": plan.before})

    def _package_record(self, package: Package) -> Record:
        said: Json = {
            "customer_id": None, "assignment_id": None, "package_id": package.package_id, "did": None, "version": package.version,
            "customer_name": None, "package_name": package.name, "currency": package.currency,
        }  # fmt: skip
        try:
            new = plan_prices(self._db, self._context, self._change, package)
        except Throttled:
            raise
        except BillingError as error:
            return Record((REFUSED, package.package_id, ""), {**said, **refusal_of(error)})
        prices = [[one.name, money.text(one.before), money.text(one.after)] for one in changed_prices(package, new)]
        return Record((ITEMS, package.package_id, ""), {**said, "before": standing_list(package, self._change.begins), "prices": prices})

    @cached_property
    def _lists(self) -> dict[str, PriceList]:
        """The price lists that packages are to get."""
        found: dict[str, PriceList] = {}
        after: Key | None = None
        while True:
            some, after = packages.list_packages(self._db, after, 200, self._change.where.means_package)
            for package in some:
                try:
                    found[package.package_id] = plan_prices(self._db, self._context, self._change, package)
                except Conflict:
                    """Told where packages are gone through."""
            if after is None:
                return found

    @cached_property
    def _standing(self) -> Progress:
        return progress.read_progress(self._db)

    def _compared(
        self, member: Group, planned: Mapping[str, PlannedChange], others: Mapping[str, Package], lists: Mapping[str, PriceList]
    ) -> Iterator[Record | WorkFailure]:
        """What the coming days bring to a customer with the changes and without; of one who is parked nothing is planned."""
        if member.account.parked or not (planned or lists):
            return
        before, after = self._both(member, planned, others, lists)
        for failure in after.failures.values():
            yield WorkFailure(failure.customer_id, failure.code, f"assignment {failure.assignment_id}: {failure.detail}")
        sums = ComparedSums(before.sums, after.sums, 1)
        yield Record((SUMS, member.account.currency, "", member.customer_id), _json_of_compared(sums))

    def _both(
        self, member: Group, planned: Mapping[str, PlannedChange], others: Mapping[str, Package], lists: Mapping[str, PriceList]
    ) -> tuple[Forecast, Forecast]:
        first = first_open_day(self._context.today, self._standing.latest_started)
        last = first + timedelta(days=COMPARED_DAYS - 1)
        catalog = self._catalog.of(member.assignments)
        own = {one.package_id: catalog[one.package_id] for one in member.assignments if one.package_id in catalog}
        snapshot = CustomerSnapshot(member.account, member.assignments, own)
        wanted = FactsWanted(first, last, self._context.at, self._services.max_lines, WORK_ENTRIES_MAX)
        facts = gather_facts(self._db, snapshot, self._standing, wanted)
        request = ForecastRequest(first, last, self._context.today, listed=0)
        return forecast(facts, request), forecast(_changed(facts, planned, others, lists), request)


def _changed(
    facts: CustomerFacts, planned: Mapping[str, PlannedChange], others: Mapping[str, Package], lists: Mapping[str, PriceList]
) -> CustomerFacts:
    """The facts as they would be."""
    catalog = {**facts.packages, **others}
    for package_id, new in lists.items():
        catalog[package_id] = with_list(catalog[package_id], new)
    found: list[Assignment] = []
    for one in facts.assignments:
        found += planned[one.assignment_id].new if one.assignment_id in planned else [one]
    since = {one.assignment_id: facts.since.get(one.assignment_id, one.start_date) for one in found}
    return facts._replace(assignments=found, packages=catalog, since=since)


def compared_sums(value: Json) -> ComparedSums:
    """What was written."""
    before, after, count = value
    return ComparedSums(totals_of(before), totals_of(after), count)


def _json_of_compared(one: ComparedSums) -> Json:
    return [json_of_totals(one.before), json_of_totals(one.after), one.customers]


def _together(one: ComparedSums, other: ComparedSums) -> ComparedSums:
    return ComparedSums(merge(one.before, other.before), merge(one.after, other.after), one.customers + other.customers)
