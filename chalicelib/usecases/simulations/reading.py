"""Reads what a kept simulation came to."""

from datetime import datetime
from heapq import nsmallest
from typing import Any, NamedTuple

from ...domain.deciding import RunRequest
from ...domain.errors import NotFound
from ...domain.report import Summary
from ...domain.work import WorkRecord
from ...storage import work
from ..request_context import RequestContext, Services
from ..runs.kept import find_simulation, simulated_request
from ..runs.reports import SUMMARY_GROUPS_MAX, by_retail
from ..work.results import expiry_of, files_named, has_result, rows_from, rows_page
from .strategy import group_of


class FoundSimulation(NamedTuple):
    """A kept simulation. Its summary is there once it is finished, and until it expires."""

    work: WorkRecord
    request: RunRequest
    expires_at: datetime
    summary: Summary | None = None


def read_simulation(services: Services, context: RequestContext, work_id: str) -> FoundSimulation:
    """A kept simulation of all customers. Raises `NotFound`."""
    found = find_simulation(services.db, work_id)
    if found is None:
        raise NotFound(f"there is no kept simulation {work_id}")
    made = FoundSimulation(found, simulated_request(found), expiry_of(found))
    return made._replace(summary=_summary(services, found)) if has_result(found, context) else made


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
    customers, customers_left_out = first_of("customers")
    parked, parked_left_out = first_of("parked")
    return Summary(
        simulated_request(found).date, found.created_at, {one.currency: one.totals for one in totals}, packages,
        list(map(group_of, customers)), sum(file.rows for file in of_packages) - len(packages), customers_left_out, parked, parked_left_out,
    )  # fmt: skip
