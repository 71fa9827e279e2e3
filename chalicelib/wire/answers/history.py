"""Who changed what: the items of a history."""

from typing_extensions import TypedDict

from ...domain.history import ChangeType
from .common import BalanceNotice, Count, Day, Instant

PlainValue = str | int | bool | list[str] | list[int] | list[BalanceNotice] | None

FieldChange = TypedDict("FieldChange", {"field": str, "from": Day | None, "before": PlainValue, "after": PlainValue})
FieldChange.__doc__ = "A field that changed. `from` is the first day of the price list or terms entry that it is in, null for other fields."


class HistoryItem(TypedDict):
    """One change: when, who, what was done to which thing, and each field that changed."""

    history_id: str
    at: Instant
    by: str
    type: ChangeType
    version: Count
    customer_id: str | None
    package_id: str | None
    assignment_id: str | None
    run_id: str | None
    entry_id: str | None
    changes: list[FieldChange]
