"""An assignment: one package given to one customer, or to one of the customer's DIDs (rules: Words, Minimum Days, Deleting)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from . import money
from .errors import Fault
from .package import Package
from .schedule import DAY
from .warning import WARNING_IDS_MAX, BillingWarning

QUANTITY_MAX = 1_000_000


class TermsEntry(NamedTuple):
    """Some terms from a day on, until a day or for good, both included. `values` has the fields given; None is a value.

    One that is `superseded_at` an instant (ISO 8601) only says what was charged before.
    """

    begins: date
    until: date | None = None
    values: Mapping[str, Any] = MappingProxyType({})
    entered_at: str = ""
    superseded_at: str | None = None
    reason: str = ""


class BucketKey(NamedTuple):
    """Names a bucket of free minutes: its assignment, and the first day of the period, or of the assignment if that is later."""

    assignment_id: str
    begins: date


class Assignment(NamedTuple):
    """Both dates are inclusive. `minimum_days` was copied from the package.

    `evaluate_from` is the first date that may be uncharged: everything due before it is posted, held or written off. None:
    everything that the daily evaluation has passed is. `marks` counts how often a run found that it may be: whoever clears
    `evaluate_from` has seen the last one. `charged` becomes true with the first charge, or the first draw on its minutes, and
    stays true.
    `package_version` is the package's when this was made: a worker that holds an older one must read it again.
    `quantity`, `auto_decrement_credit`, `free_minutes`, `retail`, `cost` and `discount` are the first terms, which `terms` follow;
    `setup_cost` and `setup_retail` are setup prices of its own. What goes on from another assignment has its due dates, and
    its price lists, `counted_from` the start of that one, and for the rest of a period shares the bucket that it had `drawn_from`.

    `replaces` and `replaced_by` are the ids of the assignments before and after it. `transferred_from` and `transferred_to` are the
    customers of those where they are others. `replaced_end` is the end date that one had before it was replaced.
    `imported` says which row of which import changed it last, and which version it made: `domain.importing`.
    """

    customer_id: str
    assignment_id: str
    package_id: str
    start_date: date
    did: str | None = None
    quantity: int = 1
    end_date: date | None = None
    auto_decrement_credit: bool = False
    free_minutes: int | None = None
    minimum_days: int = 0
    charge_from: date | None = None
    evaluate_from: date | None = None
    marks: int = 0
    charged: bool = False
    cancelled: bool = False
    package_version: int = 1
    version: int = 1
    created_at: str = ""
    created_by: str = ""
    updated_at: str = ""
    updated_by: str = ""
    retail: Decimal | None = None
    cost: Decimal | None = None
    discount: Decimal = money.ZERO
    setup_cost: Decimal | None = None
    setup_retail: Decimal | None = None
    terms: tuple[TermsEntry, ...] = ()
    superseded_terms: tuple[TermsEntry, ...] = ()
    counted_from: date | None = None
    replaces: str | None = None
    replaced_by: str | None = None
    replaced_end: date | None = None
    transferred_from: str | None = None
    transferred_to: str | None = None
    drawn_from: BucketKey | None = None
    imported: str | None = None


def first_day(assignment: Assignment) -> date:
    """The first date that this service charges: the start date, or `charge_from` after a take-over."""
    return max(assignment.start_date, assignment.charge_from) if assignment.charge_from else assignment.start_date


def counted_from(assignment: Assignment) -> date:
    """The date from which its due dates are counted and its price lists chosen."""
    return assignment.counted_from or assignment.start_date


def earliest_end(assignment: Assignment) -> date:
    """No end date may lie before this one."""
    return assignment.start_date + timedelta(days=assignment.minimum_days)


def valid_on(assignment: Assignment, day: date) -> bool:
    """Whether `day` lies within the assignment, both ends included."""
    return not assignment.cancelled and assignment.start_date <= day <= (assignment.end_date or date.max)


def has_ended(assignment: Assignment, today: date) -> bool:
    """Whether the assignment is over before `today` begins."""
    return assignment.cancelled or (assignment.end_date is not None and assignment.end_date < today)


def uncharged_since(assignment: Assignment, since: date, customer_since: date | None) -> date:
    """The first day that may be uncharged on it, when everything before `since` is evaluated but for a customer whom `customer_since`
    marks. Its own mark says it, also where that lies later: days that were free when they were looked at stay free."""
    return assignment.evaluate_from or min(since, customer_since or since)


def last_due_day(assignment: Assignment, package: Package) -> date:
    """The last date on which anything can be due: the end date, or the day after it, on which a minimum spend or a part is settled."""
    if assignment.end_date is None:
        return date.max
    return assignment.end_date + DAY if package.minimum_spend or package.proration == "daily" else assignment.end_date


def assignment_faults(values: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults between fields that are each well-formed; a field missing from `values` judges nothing."""
    start, end = values.get("start_date"), values.get("end_date")
    if start and end and end < start:
        yield Fault("/end_date", f"lies before the start date, {start}")
    if values.get("minimum_days") and "did" in values and values["did"] is None:
        yield Fault("/minimum_days", "can be given on an assignment to a DID only")


def package_faults(assignment: Assignment, package: Package, currency: str) -> Iterator[Fault]:
    """Whether the package can be assigned like this to a customer with `currency`."""
    if package.currency != currency:
        yield Fault("/package_id", f"is priced in {package.currency}, the customer's currency is {currency}")
    if package.type == "free_minutes" and assignment.free_minutes is None:
        yield Fault("/free_minutes", "is required for a package of type free_minutes")
    if package.type != "free_minutes" and assignment.free_minutes is not None:
        yield Fault("/free_minutes", "only packages of type free_minutes give minutes")


def minimum_days_faults(given: int | None, package: Package) -> Iterator[Fault]:
    """`minimum_days` of an assignment is for packages that have none of their own."""
    if given and package.minimum_days and given != package.minimum_days:
        yield Fault("/minimum_days", f"the package sets {package.minimum_days} days")


def duplicates(assignment: Assignment, others: Iterable[Assignment]) -> list[Assignment]:
    """Those that give the same package to the same customer, or to the same DID of it, on some of the same days."""
    return [
        other
        for other in others
        if other.assignment_id != assignment.assignment_id
        and (other.customer_id, other.did, other.package_id) == (assignment.customer_id, assignment.did, assignment.package_id)
        and _share_a_day(assignment, other)
    ]


def _share_a_day(one: Assignment, other: Assignment) -> bool:
    first, last = max(one.start_date, other.start_date), min(one.end_date or date.max, other.end_date or date.max)
    return not (one.cancelled or other.cancelled) and first <= last


def duplicate_warning(others: Sequence[Assignment], rows: Mapping[str, int]) -> BillingWarning:
    """That an assignment has `others` like it, one at least. Those that come from the same file are named by their `rows`."""
    first, more = others[0], len(others) - 1
    whose = f"DID {first.did}" if first.did else f"customer {first.customer_id}"
    days = f"from {first.start_date} " + (f"to {first.end_date}" if first.end_date else "on")
    row = f" (row {rows[first.assignment_id]})" if first.assignment_id in rows else ""
    again = f", and {more} more" if more else ""
    standing = [one.assignment_id for one in others if one.assignment_id not in rows]
    detail = f"{whose} has this package already, {days}{row}{again}: each is charged"
    return BillingWarning("duplicate", detail, "/package_id", tuple(standing[:WARNING_IDS_MAX]))
