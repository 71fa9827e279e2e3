"""Metrics in CloudWatch's embedded format: a line on the standard output for what a whole invocation brought.

They are for alarms and curves: amounts are floats here, and a message that is delivered twice may count twice. The ledger is
exact. Every metric has the dimension `service`, the stack's name; each further one costs as much as all others together.
"""

from collections.abc import Mapping
from typing import Final

from aws_lambda_powertools.metrics import EphemeralMetrics

from .domain.record import Brought

NAMESPACE: Final = "PackagesBilling"
COUNT: Final = "Count"
MILLISECONDS: Final = "Milliseconds"
NO_UNIT: Final = "None"


def of_charges(brought: Brought, ms: float) -> None:
    """What was posted, held or failed in so many milliseconds, and the retail of each currency."""
    counts = {
        "ChargesPosted": brought.posted, "ChargesHeld": brought.held, "ChargesFailed": brought.failed,
        "CustomersParked": brought.parked, "AssignmentsSwept": brought.swept, "AssignmentsOwed": brought.owed,
        "SegmentsLeft": brought.left,
    }  # fmt: skip
    told = {name: (COUNT, float(count)) for name, count in counts.items() if count is not None}
    _emit(told | ({} if brought.swept is None else {"SweepTime": (MILLISECONDS, ms)}))
    for currency, totals in brought.result.totals.items():
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
