"""`/schedule`: the due dates of a rule that no package has yet, for whoever is about to make one."""

from datetime import date
from typing import Any

from chalice.app import Blueprint

from ..domain import package, schedule, wording
from ..domain.errors import Fault, Invalid
from ..domain.schedule import FREQUENCIES, Frequency
from ..usecases.packages import demand_short
from .call import Answer, Call
from .query import DAY, REQUIRED_DAY, Parameter
from .routing import route

blueprint = Blueprint(__name__)
MOST_DATES = 366


def frequency(text: str) -> Frequency:
    """A frequency's name. Raises `ValueError`."""
    known: dict[str, Frequency] = {name: name for name in FREQUENCIES}
    if text not in known:
        raise ValueError(f"must be one of {', '.join(FREQUENCIES)}")
    return known[text]


def match(text: str) -> tuple[str | int, ...]:
    """`15,31` or `mon,thu`, as a package has them."""
    return tuple(int(one) if one.isascii() and one.isdecimal() and len(one) < 3 else one for one in text.split(",")) if text else ()


def count(text: str) -> int:
    """How many dates. Raises `ValueError`."""
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_DATES):
        raise ValueError(f"must be a whole number from 1 to {MOST_DATES}")
    return int(text)


_PARAMETERS = {
    "frequency": Parameter(frequency, required=True), "frequency_match": Parameter(match), "start": REQUIRED_DAY,
    "from": DAY, "to": DAY, "count": Parameter(count),
}  # fmt: skip


@route(blueprint, "GET", "/schedule", parameters=_PARAMETERS, ordered=(("from", "to"),))
def preview(call: Call) -> Answer:
    """The rule in words, its due dates for an assignment that starts on `start`, and which of them stand for a day that their month lacks.

    `frequency_match` has commas between its days. `to` ends the range, `count` the number of dates; one of them is needed.
    """
    query = call.query
    how_often, on = query["frequency"], query.get("frequency_match", ())
    faults = list(package.match_faults(how_often, on))
    if ("to" in query) == ("count" in query):
        faults.append(Fault("/to", "give either to or count"))
    if faults:
        raise Invalid(faults)
    stored = package.parse_match(how_often, on)
    dates = _dates(how_often, stored, query)
    because = {day: wording.clamping(how_often, stored, query["start"], day) for day in dates}
    return Answer({
        "rule": wording.rule(how_often, stored, query["start"]),
        "due_dates": [day.isoformat() for day in dates],
        "clamped": [{"date": day.isoformat(), "explanation": text} for day, text in because.items() if text],
    })  # fmt: skip


def _dates(how_often: Frequency, on: schedule.Match, query: Any) -> tuple[date, ...]:
    start, since = query["start"], query.get("from", query["start"])
    if "count" in query:
        return schedule.upcoming(how_often, on, start, since, query["count"])
    demand_short(since, query["to"])
    return schedule.due_dates(how_often, on, start, since, query["to"])
