"""What answers have in common: the types of fields, pages of lists, warnings, who wrote a resource."""

from typing import Annotated, Generic, Literal, NotRequired, TypeVar

from pydantic import Field
from typing_extensions import TypedDict

from ...domain.warning import WarningCode

Money = Annotated[str, Field(pattern=r"^-?[0-9]{1,20}\.[0-9]{2,6}$", examples=["12.50"])]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[int, Field(ge=0)]
T = TypeVar("T")
DayRange = TypedDict("DayRange", {"from": Day, "to": Day})
"""Written so, because `from` is no name in Python."""


class Page(TypedDict, Generic[T]):
    """A page of a list."""

    items: list[T]
    next_cursor: str | None


class Health(TypedDict):
    """The service reaches its tables."""

    status: Literal["ok"]
    version: str


class Warning(TypedDict):  # noqa: A001 - its name in the document
    """Something to know about a request that was carried out all the same."""

    code: WarningCode
    detail: str
    pointer: NotRequired[str]
    ids: NotRequired[list[str]]


class Warned(TypedDict):
    """What was done, and what to know about it."""

    warnings: list[Warning]


class Versioned(TypedDict):
    """What `If-Match` is held against."""

    version: Annotated[int, Field(ge=1)]


class Written(Versioned):
    """What every stored resource tells of its last change."""

    created_at: Instant
    created_by: str
    updated_at: Instant
    updated_by: str


class BalanceNotice(TypedDict):
    """An available amount below which others are told that the balance is low, and at which that it is restored."""

    below: Money
    restored_at: Money
