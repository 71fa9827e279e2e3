"""What customers spent, by day and DID."""

from decimal import Decimal

from ..domain import money
from ..domain.assignment import Assignment
from ..domain.charging import Period
from ..domain.schedule import DAY
from . import keys
from .db import Db
from .keys import USAGE


def spend(db: Db, assignment: Assignment, period: Period) -> Decimal:
    """The usage charges of the assignment's customer, or of its DID alone, dated in the period."""
    since = keys.usage_day(assignment.customer_id, period.since, None)
    until = keys.usage_day(assignment.customer_id, period.until - DAY, None)
    values = {"pk": since["pk"], "since": since["sk"], "until": until["sk"] + "~"}
    days = db.query_all(USAGE, "#pk = :pk AND #sk BETWEEN :since AND :until", values)
    wanted = [item for item in days if item["sk"].count("#") == (2 if assignment.did else 1)]
    return money.total(item["charge"] for item in wanted if not assignment.did or item["sk"].endswith(f"#{assignment.did}"))
