"""When a customer is told how much of a bucket of free minutes is used (rules: Notices).

A call is planned on what was used when it was read, and others may draw meanwhile. So its draw also depends on there being no
percentage between: then whoever passes one, and nobody else, tells of it.
"""

from typing import Final

from .assignment import Assignment
from .history import Change, notice
from .minutes import Bucket
from .package import Package

PERCENTAGES: Final = (80, 100)


def _steps(total: int) -> list[tuple[int, int]]:
    """The seconds at which each percentage is reached."""
    return [(-(-total * percent // 100), percent) for percent in PERCENTAGES]


def percentage_passed(total: int, used: int, seconds: int) -> int | None:
    """The highest percentage of a bucket of `total` seconds that is reached by `seconds` after the `used` ones; None if there is none."""
    return max((percent for step, percent in _steps(total) if used < step <= used + seconds), default=None)


def most_used_for_same(total: int, used: int, seconds: int) -> int:
    """How many seconds may be used by now for a draw of `seconds` to fit, and to pass the percentages that it passes after `used` ones."""
    rooms = [step - 1 - (0 if step <= used + seconds else seconds) for step, _ in _steps(total) if step > used]
    return min(total - seconds, *rooms)


def minutes_notice(bucket: Bucket, one: Assignment, package: Package, percent: int) -> Change:
    """Tells that so many percent of a bucket are used. The id names its size, because another allotment has other percentages."""
    notice_id = f"{bucket.key.assignment_id}~{bucket.key.begins}~{bucket.total_seconds}~{percent}"
    made = notice("minutes.used", notice_id, None, one.customer_id, {
        "package_name": package.name, "did": one.did, "since": bucket.begins.isoformat(), "percent": percent,
        "total_seconds": bucket.total_seconds, "refills_on": bucket.refills_on.isoformat() if bucket.refills_on else None,
    })  # fmt: skip
    return made._replace(assignment_id=one.assignment_id, package_id=one.package_id)
