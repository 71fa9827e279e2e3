"""What an error says besides its code and its sentence. Shared by HTTP and the invoked functions."""

from typing import Any

from ..domain.errors import BillingError, Invalid
from .views import due_before, report_view


def problem_fields(error: BillingError) -> dict[str, Any]:
    """The further fields of a problem, as JSON values."""
    found = dict(error.extra)
    if "backlog" in found:
        found["backlog"] = [due_before(line) for line in found["backlog"]]
    if "report" in found:
        found["report"] = report_view(found["report"])
    if isinstance(error, Invalid):
        found["errors"] = [fault._asdict() for fault in error.faults]
    return found
