"""Changes of many: who is met, who is not changed and why, and what the coming days would bring more or less."""

from typing import Any

from typing_extensions import TypedDict

from ...domain.changing import PriceField
from .common import Count, Currency, Instant, Money
from .work import Work


class ChangedPrice(TypedDict):
    """A price of a package before and after a change."""

    name: PriceField
    before: Money
    after: Money


class ChangedItem(TypedDict):
    """An assignment, or a package with the prices that change."""

    customer_id: str | None
    customer_name: str | None
    assignment_id: str | None
    package_id: str
    package_name: str | None
    did: str | None
    version: Count
    new_id: str | None
    currency: Currency | None
    prices: list[ChangedPrice] | None


class RefusedItem(ChangedItem):
    """One that can't be changed, or was not."""

    code: str
    detail: str


class ListedItem(ChangedItem):
    """One that was met; and why it can't be changed, or was not, if that is so."""

    code: str | None
    detail: str | None


class ChangeSums(TypedDict):
    """What the next 31 days bring, without the change and with it."""

    currency: Currency
    customers: Count
    before: Money
    after: Money
    difference: Money
    cost_difference: Money
    lines_before: Count
    lines_after: Count


class Change(Work):
    """A change, its application or its undo. What it met is null until it is finished; of an application or an undo, how
    many there are is said so far."""

    change: dict[str, Any]
    of: str | None
    expires_at: Instant
    met: Count | None
    changes: Count | None
    refuses: Count | None
    items: list[ChangedItem] | None
    refused: list[RefusedItem] | None
    sums: list[ChangeSums] | None
