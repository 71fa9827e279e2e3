"""The days whose entries a statement or an export has: those on which they were posted."""

from datetime import date, datetime
from typing import NamedTuple


class PostingDays(NamedTuple):
    """Days of the billing time zone, both included, and the instants at which they begin and end."""

    first: date
    last: date
    since: datetime
    until: datetime
