"""Posting days as the API takes them: days of the billing time zone."""

from datetime import date, datetime, time, timedelta

from .. import deployment
from ..domain.posting_days import PostingDays


def posting_days(first: date, last: date) -> PostingDays:
    """The days, and the instants at which they begin and end."""
    zone = deployment.configuration().zone
    since, until = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    return PostingDays(first, last, since, until)
