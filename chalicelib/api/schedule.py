"""`/schedule`: the due dates of a rule that no package has yet, for whoever is about to make one."""

from __future__ import annotations

from datetime import date
from typing import Any

from chalice.app import Blueprint

from ..domain import package, wording
from ..domain.errors import Fault, Invalid
from ..domain.schedule import FREQUENCIES, Schedule
from ..usecases.packages import demand_short
from ..wire import answers
from .call import Answer, Call
from .query import RANGE, REQUIRED_DAY, OneOf, Parameter
from .routing import get

blueprint = Blueprint(__name__)
SCHEDULE_DATES_MAX = 366


def match(text: str) -> tuple[str | int, ...]:
    """`15,31` or `mon,thu`, as a package has them."""
    return tuple(int(one) if one.isascii() and one.isdecimal() and len(one) < 3 else one for one in text.split(",")) if text else ()


def count(text: str) -> int:
    """How many: dates, or days, weeks and months from one to the next. Raises `ValueError`."""
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= SCHEDULE_DATES_MAX):
        raise ValueError(f"must be a whole number from 1 to {SCHEDULE_DATES_MAX}")
    return int(text)


_PARAMETERS = {
    "frequency": Parameter(OneOf(FREQUENCIES), required=True), "frequency_match": Parameter(match), "every": Parameter(count, default=1),
    "start": REQUIRED_DAY, **RANGE, "count": Parameter(count),
}  # fmt: skip


@get(blueprint, "/schedule", _PARAMETERS)
def preview(call: Call) -> Answer[answers.Preview]:
    """The rule in words, its due dates for an assignment that starts on `start`, and which of them stand for a day that their month lacks.

    `frequency_match` has commas between its days. `to` ends the range, `count` the number of dates; one of them is needed.
    """
    query = call.query
    how_often, on = query["frequency"], query.get("frequency_match", ())
    faults = [*package.match_faults(how_often, on), *package.every_faults(how_often, query["every"])]
    if ("to" in query) == ("count" in query):
        faults.append(Fault("/to", "give either to or count"))
    if faults:
        raise Invalid(faults)
    schedule = Schedule(how_often, package.parse_match(how_often, on), query["every"], query["start"])
    dates = _dates(schedule, query)
    because = {day: wording.clamping(schedule, day) for day in dates}
    return Answer({
        "rule": wording.rule(schedule),
        "due_dates": [day.isoformat() for day in dates],
        "clamped": [{"date": day.isoformat(), "explanation": text} for day, text in because.items() if text],
    })  # fmt: skip


def _dates(schedule: Schedule, query: Any) -> tuple[date, ...]:
    first = query.get("from", schedule.start)
    if "count" in query:
        return schedule.upcoming(first, query["count"])
    demand_short(first, query["to"])
    return schedule.dates(first, query["to"])
