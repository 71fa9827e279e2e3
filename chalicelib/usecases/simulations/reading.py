"""Reads what a kept simulation came to."""

from datetime import datetime
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple

from ...domain.deciding import RunRequest
from ...domain.digest import PlannedCharge, planned_charge
from ...domain.errors import Conflict, NotFound
from ...domain.report import Summary, SummaryGroup
from ...domain.work import ResultFile, WorkRecord
from ...storage import work
from ...storage.keys import Key
from ..request_context import RequestContext, Services
from ..runs.kept import PLANS, customer_of, find_simulation, simulated_request
from ..runs.reports import SUMMARY_GROUPS_MAX, by_retail
from ..work.results import SortedRows, expiry_of, files_named, has_result, rows_from, rows_page
from .strategy import group_of


class FoundSimulation(NamedTuple):
    """A kept simulation. Its summary is there once it is finished, and until it expires."""

    work: WorkRecord
    request: RunRequest
    expires_at: datetime
    summary: Summary | None = None


class KeptCustomer(NamedTuple):
    """What a customer would be charged, and the digest of that."""

    sums: SummaryGroup
    digest: str


class KeptCharge(NamedTuple):
    """A charge of a kept plan."""

    customer_id: str
    charge: PlannedCharge


def read_simulation(services: Services, context: RequestContext, work_id: str) -> FoundSimulation:
    """A kept simulation of all customers. Raises `NotFound`."""
    found = find_simulation(services.db, work_id)
    if found is None:
        raise NotFound(f"there is no kept simulation {work_id}")
    made = FoundSimulation(found, simulated_request(found), expiry_of(found))
    return made._replace(summary=_summary(services, found)) if has_result(found, context) else made


def kept_page(
    services: Services, context: RequestContext, work_id: str, after: Key | None, limit: int
) -> tuple[list[KeptCustomer], Key | None]:
    """What customers would be charged, those with the largest retail first. Raises `NotFound`, `Conflict` in_progress."""
    files = _files_of_kept(services, context, work_id)
    rows, last = rows_page(services.objects(), files_named(files, "customers"), after, limit)
    return [KeptCustomer(group_of(group), digest) for group, digest in rows], last


def lines_page(
    services: Services, context: RequestContext, work_id: str, after: Key | None, limit: int
) -> tuple[list[KeptCharge], Key | None]:
    """The charges of all plans, by customer. Raises `NotFound`, `Conflict` in_progress."""
    files = files_named(_files_of_kept(services, context, work_id), PLANS)
    rows, last = rows_page(services.objects(), files, after, limit, _is_line)
    return list(map(_kept_charge, rows)), last


def plan_page(
    services: Services, context: RequestContext, of: tuple[str, str], skipped: int | None, limit: int
) -> tuple[list[KeptCharge], int | None]:
    """The charges of one plan, `of` a simulation and a customer, and how many to skip for the next page. Raises as `lines_page`."""
    work_id, customer_id = of
    files = files_named(_files_of_kept(services, context, work_id), PLANS)
    begin = skipped or 0
    lines = filter(_is_line, SortedRows(services.objects(), files, customer_of).of(customer_id))
    found = [_kept_charge(row) for row in islice(lines, begin, begin + limit + 1)]
    return found[:limit], begin + limit if len(found) > limit else None


def _is_line(row: Any) -> bool:
    return "line" in row


def _kept_charge(row: Any) -> KeptCharge:
    return KeptCharge(row["customer"], planned_charge(row["line"]))


def _files_of_kept(services: Services, context: RequestContext, work_id: str) -> list[ResultFile]:
    found = find_simulation(services.db, work_id)
    if found is None:
        raise NotFound(f"there is no kept simulation {work_id}")
    if not found.is_over:
        raise Conflict("the simulation is not finished: poll it until it is", code="in_progress")
    if not has_result(found, context):
        raise NotFound("the simulation has no result: it was cancelled, or it has expired")
    return [one.file for one in work.file_results(services.db, work_id)]


def _summary(services: Services, found: WorkRecord) -> Summary:
    """What a live run would post: sums, the largest packages and customers, and who is parked."""
    files, objects = [one.file for one in work.file_results(services.db, found.work_id)], services.objects()

    def first_of(use: str) -> tuple[list[Any], int]:
        own = files_named(files, use)
        rows, _ = rows_page(objects, own, None, SUMMARY_GROUPS_MAX)
        return rows, sum(file.rows for file in own) - len(rows)

    of_packages = files_named(files, "packages")
    packages = nsmallest(SUMMARY_GROUPS_MAX, (group_of(row) for _, row in rows_from(objects, of_packages)), by_retail)
    totals = [group_of(row) for _, row in rows_from(objects, files_named(files, "totals"))]
    groups, customers_left_out = first_of("customers")
    customers = [group_of(group) for group, _ in groups]
    parked, parked_left_out = first_of("parked")
    return Summary(
        simulated_request(found).date, found.created_at, {one.currency: one.totals for one in totals}, packages,
        customers, sum(file.rows for file in of_packages) - len(packages), customers_left_out, parked, parked_left_out,
    )  # fmt: skip
