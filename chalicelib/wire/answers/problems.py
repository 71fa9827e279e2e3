"""Why a request was not carried out."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ...domain.pricing import ChargeKind
from .common import Count, Day, Money
from .runs import Report


class Fault(TypedDict):
    """One bad field, or one call that is refused."""

    pointer: str
    detail: str
    row: NotRequired[Count]
    column: NotRequired[str]


class DueBefore(TypedDict):
    """What was due before the first open day and is charged at once."""

    due_date: Day
    kind: ChargeKind
    cost: Money
    retail: Money


class Left(TypedDict):
    """What is left of a charge after credits, reversals and negative lines."""

    retail: Money
    cost: Money


class Problem(TypedDict):
    """An error (RFC 9457). `code` is stable; what else there is depends on it."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    code: str
    detail: NotRequired[str]
    errors: NotRequired[list[Fault]]
    errors_left_out: NotRequired[Count]
    request_id: NotRequired[str]
    backlog: NotRequired[list[DueBefore]]
    due_dates: NotRequired[Count]
    earliest_end_date: NotRequired[Day]
    customer_id: NotRequired[str]
    assignment_id: NotRequired[str]
    free_from: NotRequired[Day]
    today: NotRequired[Day]
    first_open_day: NotRequired[Day]
    replaced_by: NotRequired[str]
    fields: NotRequired[list[str]]
    assignments: NotRequired[Count]
    left: NotRequired[Left]
    report: NotRequired[Report]
