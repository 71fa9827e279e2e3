"""What others are told: `data` is what a customer may see of it, `provider` the rest. docs/events has a schema of each."""

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from ...domain.events import EventType
from ...domain.history import ChangeType
from ...domain.ledger import EntryKind, EntryStatus
from ...domain.pricing import ChargeKind
from .common import Count, Currency, Day, Instant, Money, Seconds
from .history import FieldChange
from .ledger import Period


class Event(TypedDict):
    """An event. `id` is its subject, type and version: the same for good, however often it is sent. Of one subject the highest version
    tells how things stand."""

    id: str
    type: EventType
    format: Literal[1]
    subject: str
    version: Count
    customer_id: str | None
    data: Any
    provider: Any


class EntryData(TypedDict):
    """A ledger entry as the customer may see it. The balance is the sum of `credit_change` over all entries."""

    entry_id: str
    kind: EntryKind
    date: Day
    status: EntryStatus
    currency: Currency
    retail: Money
    credit_change: Money
    recorded_at: Instant
    posted_at: Instant | None
    credits: NotRequired[str]
    reverses: NotRequired[str]
    assignment_id: NotRequired[str | None]
    package_id: NotRequired[str | None]
    package_name: NotRequired[str | None]
    did: NotRequired[str | None]
    period: NotRequired[Period | None]
    quantity: NotRequired[int]
    unit_retail: NotRequired[Money]
    discount: NotRequired[Money]
    spend: NotRequired[Money | None]
    auto_decrement_credit: NotRequired[bool]
    credited_retail: NotRequired[Money]
    voided: NotRequired[bool]
    repeat: NotRequired[bool]


class EntryProvider(TypedDict):
    """What only the provider knows of a ledger entry."""

    cost: Money
    recorded_by: str
    run_id: str | None
    account_code: str | None
    tax_code: str | None
    margin: NotRequired[Money]
    unit_cost: NotRequired[Money]
    credited_cost: NotRequired[Money]
    description: NotRequired[str]
    reference: NotRequired[str]
    reason: NotRequired[str]
    cancelled_by: NotRequired[str]


class ChangeData(TypedDict):
    """A change as the customer may see it. `assignments` says of a price list how many assignments have the package; 0 if it is not
    for those that there are."""

    change: ChangeType
    at: Instant
    changes: list[FieldChange]
    package_id: str | None
    assignment_id: str | None
    run_id: str | None
    work_id: str | None
    assignments: NotRequired[Count]


class BalanceData(TypedDict):
    """A balance that fell below a threshold, or is back at `restored_at`. `available` is what can still be debited: the balance, and the
    debit limit if there is one."""

    at: Instant
    currency: Currency
    balance: Money
    available: Money
    below: Money
    restored_at: Money


class ChangeProvider(TypedDict):
    """What only the provider knows of a change: who made it, and fields such as costs."""

    by: str
    changes: list[FieldChange]


class NoticeProvider(TypedDict):
    """What only the provider knows of a notice: who made the request or began the run that it is of."""

    by: str


class NoticeLine(TypedDict):
    """A charge to come."""

    assignment_id: str
    package_name: str
    did: str | None
    kind: ChargeKind
    quantity: int
    retail: Money


class UpcomingData(TypedDict):
    """Charges to come on a date, told so many `days` before it: how many, what they come to, and the first 100. `balance` is the
    customer's when this was told; the charges will be held if it does not suffice (`suffices`) by what is due until then."""

    at: Instant
    date: Day
    days: Count
    currency: Currency
    lines_total: Count
    retail: Money
    balance: Money
    suffices: bool
    lines: list[NoticeLine]


class _OfAssignment(TypedDict):
    """What notices of an assignment have in common."""

    at: Instant
    assignment_id: str
    package_id: str
    package_name: str
    did: str | None


class EndedData(_OfAssignment):
    """An assignment that was in force for the last time on its end date; `replaced_by` is the assignment that goes on from it."""

    end_date: Day
    replaced_by: str | None


class TermData(_OfAssignment):
    """An assignment that ends soon, told so many `days` before its end date."""

    end_date: Day
    days: Count


class MinutesData(_OfAssignment):
    """So many percent of a bucket of free minutes are used, 80 or 100. The bucket has `total_seconds`, began on the day `since`, and is
    filled again on `refills_on`; null: never."""

    since: Day
    percent: Count
    total_seconds: Seconds
    refills_on: Day | None


class FeatureData(TypedDict):
    """A resold service that a customer has, or has not, from a day on."""

    at: Instant
    connexcs_package: str
    date: Day
