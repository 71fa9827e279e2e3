"""What is shown with an assignment: its package, and what is used of its free minutes."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from .assignment import Assignment
from .minutes import Bucket
from .package import Package
from .warning import BillingWarning


class MinutesInUse(NamedTuple):
    """A bucket with its assignment and package, the seconds used of it, and whether it gives none until its charge is paid."""

    assignment: Assignment
    package: Package
    bucket: Bucket
    used: int = 0
    waiting: bool = False


class Detail(NamedTuple):
    """An assignment with its package, and its bucket of free minutes today, if it has one.

    It is shown with the values of `shown_on`, or of its start date where that is later. Of one that was written just now,
    `effective_from` is the day from which its terms changed, and `warnings` what is odd about that.
    """

    assignment: Assignment
    package: Package
    minutes: MinutesInUse | None = None
    shown_on: date = date.min
    effective_from: date | None = None
    warnings: Sequence[BillingWarning] = ()
