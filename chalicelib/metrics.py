"""Metrics in CloudWatch's embedded format: a line on the standard output for a whole invocation.

They are for alarms and graphs: amounts are floats here, and a message that is delivered twice may count twice. The ledger is
exact. Every metric has the dimension `service`, the stack's name; each further one costs as much as all others together.
"""

from collections.abc import Mapping
from typing import Final

from aws_lambda_powertools.metrics import EphemeralMetrics

from .domain.record import WorkResult

NAMESPACE: Final = "PackagesBilling"
COUNT: Final = "Count"
MILLISECONDS: Final = "Milliseconds"
NO_UNIT: Final = "None"


def of_charges(work_result: WorkResult, ms: float) -> None:
    """What was posted, held or failed in so many milliseconds, and the retail of each currency."""
    counts = {
        "ChargesPosted": work_result.posted, "ChargesHeld": work_result.held, "ChargesFailed": work_result.failed,
        "CustomersParked": work_result.parked, "AssignmentsSwept": work_result.swept, "AssignmentsOwed": work_result.owed,
        "SegmentsLeft": work_result.left,
    }  # fmt: skip
    emitted = {name: (COUNT, float(count)) for name, count in counts.items() if count is not None}
    _emit(emitted | ({} if work_result.swept is None else {"SweepTime": (MILLISECONDS, ms)}))
    for currency, totals in work_result.result.totals.items():
        if totals.lines:
            _emit({"Retail": (NO_UNIT, float(totals.retail))}, Currency=currency)


def of_lateness(days_late: int) -> None:
    """How many days should be finished and are not."""
    _emit({"DaysLate": (COUNT, float(days_late))})


def _emit(values: Mapping[str, tuple[str, float]], **dimensions: str) -> None:
    """One line. Powertools' `Metrics` keeps a state for the process; this one is its own."""
    line = EphemeralMetrics(namespace=NAMESPACE)
    for dimension, value_of in dimensions.items():
        line.add_dimension(dimension, value_of)
    for name, (unit, value) in values.items():
        line.add_metric(name, unit, value)
    line.flush_metrics()
