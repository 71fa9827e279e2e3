"""What a live run of all customers is held against: the plans that a kept simulation has (rules: Run Package)."""

from datetime import date
from functools import cached_property
from typing import Any, Final, NamedTuple

from ...domain import account as credits
from ...domain.deciding import RunRequest
from ...domain.digest import canonical_lines, difference, digest_of
from ...domain.errors import Conflict, Fault, Invalid
from ...domain.work import WorkRecord
from ...storage import runs, work
from ...storage.db import Db
from ..request_context import RequestContext, Services
from ..work.results import SortedRows, expiry_of, files_named, has_result
from .deciding import CustomerDecisions

PLANS: Final = "plans"
"""The files with the plans: of each customer the digest, then a row for each canonical line, by customer."""


class KeptPlan(NamedTuple):
    """A customer's plan as it was kept. Nothing is kept of one for whom nothing was due, who was parked, or could not be planned."""

    digest: str
    lines: tuple[str, ...] = ()


NO_PLAN: Final = KeptPlan(digest_of(()))


def row_of_digest(customer_id: str, digest: str) -> dict[str, str]:
    """The first row of a customer's plan."""
    return {"customer": customer_id, "digest": digest}


def row_of_line(customer_id: str, line: str) -> dict[str, str]:
    """A further row of a customer's plan."""
    return {"customer": customer_id, "line": line}


class KeptPlans:
    """The plans of a kept simulation, looked up customer by customer."""

    def __init__(self, services: Services, work_id: str) -> None:
        self._services, self._work_id = services, work_id

    @cached_property
    def _rows(self) -> SortedRows:
        files = [one.file for one in work.file_results(self._services.db, self._work_id)]
        return SortedRows(self._services.objects(), files_named(files, PLANS), customer_of)

    def of(self, customer_id: str) -> KeptPlan:
        """The plan of a customer."""
        first, *lines = list(self._rows.of(customer_id)) or [None]
        return KeptPlan(first["digest"], tuple(one["line"] for one in lines)) if first else NO_PLAN

    def demand_same(self, seen: CustomerDecisions) -> None:
        """Raise `Conflict` differs, with the first line that does, unless this is what was kept."""
        now, kept = canonical_lines(seen.decisions, credits.current_credit(seen.account)), self.of(seen.account.customer_id)
        if digest_of(now) != kept.digest:
            raise Conflict(difference(kept.lines, now) or "the lines were written by another release", code="differs")


def customer_of(row: Any) -> str:
    """Whose plan a row belongs to."""
    return str(row["customer"])


def find_simulation(db: Db, work_id: str) -> WorkRecord | None:
    """A kept simulation."""
    found = work.find_work(db, work_id)
    return found if found and found.kind == "simulation" else None


def simulated_request(found: WorkRecord) -> RunRequest:
    """What a kept simulation was asked for."""
    asked: Any = found.asked
    return RunRequest(None, date.fromisoformat(asked["date"]), asked["if_charged"], found.work_id, asked["include_written_off"] == "yes")


def demand_kept(db: Db, context: RequestContext, ask: RunRequest) -> None:
    """Raise `Invalid` unless what a run of all customers expects is a kept simulation of the same, `Conflict` while it is made. A run that
    is over needs none."""
    standing = runs.find_run(db, ask.run_id)
    if standing and standing.is_over:
        return
    found = find_simulation(db, ask.expect or "")
    if found is None:
        hint = "POST /runs/simulations with keep: true makes one, and answers its work_id"
        raise Invalid([Fault("/expect", f"there is no kept simulation {ask.expect}; {hint}")])
    if not found.is_over:
        raise Conflict(f"simulation {ask.expect} is not finished: poll it until it is", code="in_progress")
    if not has_result(found, context):
        gone = "was cancelled" if found.state == "cancelled" else f"has expired, on {expiry_of(found).date()}"
        raise Invalid([Fault("/expect", f"simulation {ask.expect} {gone}: make another")])
    seen = simulated_request(found)
    faults = [
        Fault(f"/{name}", f"must be as in the simulation: {_said(getattr(seen, name))}")
        for name in ("date", "if_charged", "include_written_off")
        if getattr(seen, name) != getattr(ask, name)
    ]
    if faults:
        raise Invalid(faults)


def _said(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
