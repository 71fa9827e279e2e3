"""The ledger: what was charged, paid, adjusted, reversed and credited."""

from typing import NotRequired

from typing_extensions import TypedDict

from ...domain.ledger import EntryKind, EntryStatus
from .common import Count, Currency, Day, Instant, Money, Warned

Period = TypedDict("Period", {"from": Day, "to": Day, "through": Day})
Period.__doc__ = "The days of a billing period."


class ComputedFrom(TypedDict):
    """What a charge is computed from. A one-off charge has a description, and no assignment and no package."""

    assignment_id: str | None
    package_id: str | None
    package_name: str | None
    description: str | None
    did: str | None
    period: Period | None
    quantity: int
    unit_cost: Money
    unit_retail: Money
    discount: Money
    own_price: bool
    spend: Money | None
    margin: Money
    auto_decrement_credit: bool
    explanation: str
    account_code: str | None
    tax_code: str | None


class LedgerEntry(TypedDict):
    """A charge, payment, adjustment, reversal or credit. Charges also say what they were computed from, and what credits, reversals and
    negative lines have taken back of them so far; reversals and credits, of which charge they are."""

    entry_id: str
    customer_id: str
    kind: EntryKind
    date: Day
    posted_at: Instant | None
    recorded_at: Instant
    recorded_by: str
    currency: Currency
    retail: Money
    cost: Money
    credit_change: Money
    status: EntryStatus
    version: Count
    repeat: bool
    run_id: str | None
    assignment_id: NotRequired[str | None]
    package_id: NotRequired[str | None]
    package_name: NotRequired[str | None]
    description: NotRequired[str | None]
    did: NotRequired[str | None]
    period: NotRequired[Period | None]
    quantity: NotRequired[int]
    unit_cost: NotRequired[Money]
    unit_retail: NotRequired[Money]
    discount: NotRequired[Money]
    own_price: NotRequired[bool]
    spend: NotRequired[Money | None]
    margin: NotRequired[Money]
    auto_decrement_credit: NotRequired[bool]
    explanation: NotRequired[str]
    credited_retail: NotRequired[Money]
    credited_cost: NotRequired[Money]
    voided: NotRequired[bool]
    reference: NotRequired[str]
    reverses: NotRequired[str]
    credits: NotRequired[str]
    reason: NotRequired[str]
    recharge: NotRequired[bool]
    cancelled_by: NotRequired[str]
    account_code: str | None
    tax_code: str | None


class BookedPayment(LedgerEntry, Warned):
    """A payment as it was booked."""


class PostedCharge(LedgerEntry, Warned):
    """A one-off charge as it was posted, or is held."""


class ListedEntry(LedgerEntry):
    """An entry of a ledger that was asked for in an order."""

    balance: NotRequired[Money]


class LedgerSums(TypedDict):
    """What all entries of one status come to that were asked for."""

    status: EntryStatus
    entries: Count
    retail: Money
    cost: Money
    credit_change: Money


class LedgerPage(TypedDict):
    """A page of a ledger. By posting days, `closed` says whether it never changes any more. If it was asked for in an order or narrowed,
    it says how many entries there are in all, and what they come to."""

    items: list[ListedEntry]
    next_cursor: str | None
    closed: NotRequired[bool]
    count: NotRequired[Count]
    sums: NotRequired[list[LedgerSums]]


class HeldOfCurrency(TypedDict):
    """The charges held in a currency."""

    currency: Currency
    charges: Count
    retail: Money


class HeldSums(TypedDict):
    """All held charges together."""

    charges: Count
    oldest: Day | None
    whole: bool
    by_currency: list[HeldOfCurrency]


class HeldPage(TypedDict):
    """A page of held charges, with the sums of all if they were asked for."""

    items: list[LedgerEntry]
    next_cursor: str | None
    sums: NotRequired[HeldSums]
