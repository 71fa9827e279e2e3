"""A customer's statement over some posting days."""

from typing import NotRequired

from typing_extensions import TypedDict

from ...domain.ledger import EntryKind
from .common import Count, Currency, Day, DayRange, Instant, Money, Seconds
from .usage import Minutes


class StatementSums(TypedDict):
    """What some entries come to. `cost` and `margin` are there where `cost=true` asked for them."""

    times: Count
    retail: Money
    credit_change: Money
    cost: NotRequired[Money]
    margin: NotRequired[Money]


class StatementLine(StatementSums):
    """Charges of one kind, quantity and unit price."""

    kind: EntryKind
    quantity: int
    unit_retail: Money
    discount: Money


class StatementGroup(StatementSums):
    """The charges for a package, or for a package on a DID."""

    package_id: str
    package_name: str
    did: str | None
    lines: list[StatementLine]


class StatementEntry(TypedDict):
    """An entry that no package makes."""

    entry_id: str
    date: Day
    posted_at: Instant | None
    retail: Money
    credit_change: Money
    text: str | None
    of_entry_id: str | None
    quantity: NotRequired[int]
    unit_retail: NotRequired[Money]
    cost: NotRequired[Money]


class StatementSection(StatementSums):
    """The entries of one kind that no package makes, such as payments."""

    kind: EntryKind
    entries: list[StatementEntry]


class StatementUsageDay(TypedDict):
    """What the calls of a day come to."""

    date: Day
    spend: Money
    seconds: Seconds
    free_seconds: Seconds
    calls: Count


class StatementUsage(TypedDict):
    """The usage of the days, by the day of the call."""

    days: list[StatementUsageDay]
    spend: Money
    seconds: Seconds
    free_seconds: Seconds
    calls: Count


class StatementOfLedger(TypedDict):
    """What the ledger says of some posting days."""

    opening_balance: Money
    closing_balance: Money
    to_be_invoiced: Money
    totals: StatementSums
    charges: list[StatementGroup]
    sections: list[StatementSection]


class _OfCustomer(DayRange):
    customer_id: str
    name: str
    currency: Currency
    closed: bool
    generated_at: Instant


class Statement(_OfCustomer, StatementOfLedger):
    """A customer's account over some posting days. Usage and minutes are those known at `generated_at`."""

    usage: StatementUsage
    minutes: list[Minutes]
