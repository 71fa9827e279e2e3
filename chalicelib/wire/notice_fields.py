"""How many days before something customers are told, as callers write it."""

from typing import Annotated

from pydantic import AfterValidator, Field

from ..domain.notice_days import DISTANCE_MAX, DISTANCES_MAX


def _distances(days: list[int]) -> list[int]:
    if len({*days}) < len(days) or (0 in days and len(days) > 1):
        raise ValueError("must name each number of days once; 0, for never, stands alone")
    return days


NoticeDays = Annotated[
    list[Annotated[int, Field(ge=0, le=DISTANCE_MAX, strict=True)]],
    Field(min_length=1, max_length=DISTANCES_MAX, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_distances),
]
