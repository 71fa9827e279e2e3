"""What the API answers, field by field: the shapes of `chalicelib/wire/views.py`, from which the document's schemas come.

Nothing of this ships. The tests check every answer that the API gives them against these shapes, strictly: a field that
is added, left out or renamed in a view fails there until it is said here.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.domain.ledger import EntryKind, EntryStatus
from chalicelib.domain.package import PackageType
from chalicelib.domain.record import RunKind, RunState
from chalicelib.domain.run import IfCharged, Status
from chalicelib.domain.schedule import Frequency
from chalicelib.domain.warning import WarningCode

Money = Annotated[str, Field(pattern=r"^-?[0-9]{1,20}\.[0-9]{2,6}$", examples=["12.50"])]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[int, Field(ge=0)]

Period = TypedDict("Period", {"from": Day, "to": Day, "through": Day})
Period.__doc__ = "The days of a billing period."


class Health(TypedDict):
    """The service reaches its tables."""

    status: Literal["ok"]


class Warning(TypedDict):  # noqa: A001 - its name in the document
    """Something to know about a request that was carried out all the same."""

    code: WarningCode
    detail: str
    pointer: NotRequired[str]
    ids: NotRequired[list[str]]


class Warned(TypedDict):
    """What was done, and what to know about it."""

    warnings: list[Warning]


class Written(TypedDict):
    """What every stored resource tells of its last change."""

    version: Annotated[int, Field(ge=1)]
    created_at: Instant
    created_by: str
    updated_at: Instant
    updated_by: str


class _PackageFields(Written):
    name: str
    description: str
    currency: Currency
    cost: Money
    retail: Money
    setup_cost: Money
    setup_retail: Money
    frequency: Frequency
    frequency_match: list[int | str]
    connexcs_package: str | None
    minimum_days: Count
    type: PackageType
    destination: str | None
    minimum_spend: bool


class Package(_PackageFields):
    """A product that is priced once and assigned many times."""

    package_id: str


class SavedPackage(Package, Warned):
    """A package as it was written."""


class PlannedPackage(_PackageFields):
    """A package of an import; without an id while nothing is made."""

    package_id: str | None


class DueDates(TypedDict):
    """The due dates of an assignment."""

    due_dates: list[Day]


class Clamped(TypedDict):
    """A due date that stands for a day which its month lacks."""

    date: Day
    explanation: str


class Preview(TypedDict):
    """A rule in words, its due dates, and which of them stand for a day that their month lacks."""

    rule: str
    due_dates: list[Day]
    clamped: list[Clamped]


class Customer(Written):
    """A customer with the balance as it stands."""

    customer_id: str
    name: str
    currency: Currency
    debit_limit: Money | None
    balance: Money
    held_charges: Count
    parked: bool


class SavedCustomer(Written):
    """A customer as written; the balance, the held charges and whether they are parked only with `billing:read`."""

    customer_id: str
    name: str
    currency: Currency
    debit_limit: Money | None
    balance: NotRequired[Money]
    held_charges: NotRequired[Count]
    parked: NotRequired[bool]


class Minutes(TypedDict):
    """A bucket of free minutes; all but `free_minutes` in seconds."""

    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    destination: str | None
    free_minutes: Annotated[int, Field(ge=0)] | None
    unit: Literal["seconds"]
    total: Seconds
    used: Seconds
    remaining: Seconds
    began_on: Day
    refills_on: Day | None
    ends_on: Day | None
    waiting_for_payment: bool


class MinutesOfDay(TypedDict):
    """Each bucket of free minutes of a customer on a date."""

    customer_id: str
    date: Day
    items: list[Minutes]


class _AssignmentFields(Written):
    customer_id: str
    package_id: str
    did: str | None
    quantity: Annotated[int, Field(ge=1)]
    start_date: Day
    end_date: Day | None
    auto_decrement_credit: bool
    free_minutes: Annotated[int, Field(ge=1)] | None
    minimum_days: Count
    charge_from: Day | None
    cancelled: bool
    evaluate_from: Day | None
    minutes: Minutes | None
    package: Package


class Assignment(_AssignmentFields):
    """A package given to a customer or to a DID, with the package, and what is used of its free minutes today."""

    assignment_id: str


class SavedAssignment(Assignment, Warned):
    """An assignment as it was written."""


class EndedAssignment(Warned):
    """An assignment was ended, and something is left to do about it."""


class PlannedAssignment(_AssignmentFields):
    """An assignment of an import; without an id while nothing is made."""

    assignment_id: str | None


class Draw(TypedDict):
    """Seconds that a call took from an assignment's free minutes."""

    assignment_id: str
    seconds: Seconds


class RatedCall(TypedDict):
    """A call as it was rated."""

    call_id: str
    free_seconds: Seconds
    billable_seconds: Seconds
    charge: Money
    drawn: list[Draw]


class RatedCalls(TypedDict):
    """The calls of a request, rated, in its order."""

    calls: list[RatedCall]


class UsageDay(TypedDict):
    """What the calls of a day come to."""

    date: Day
    did: str | None
    spend: Money
    seconds: Seconds
    free_seconds: Seconds
    calls: Count


class ComputedFrom(TypedDict):
    """What a charge is computed from."""

    assignment_id: str
    package_id: str
    package_name: str
    did: str | None
    period: Period | None
    quantity: Annotated[int, Field(ge=1)]
    unit_cost: Money
    unit_retail: Money
    spend: Money | None
    margin: Money
    auto_decrement_credit: bool
    explanation: str


class LedgerEntry(TypedDict):
    """A charge, payment or reversal. Charges also say what they were computed from; reversals, what they undo."""

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
    repeat: bool
    run_id: str | None
    assignment_id: NotRequired[str]
    package_id: NotRequired[str]
    package_name: NotRequired[str]
    did: NotRequired[str | None]
    period: NotRequired[Period | None]
    quantity: NotRequired[Annotated[int, Field(ge=1)]]
    unit_cost: NotRequired[Money]
    unit_retail: NotRequired[Money]
    spend: NotRequired[Money | None]
    margin: NotRequired[Money]
    auto_decrement_credit: NotRequired[bool]
    explanation: NotRequired[str]
    reference: NotRequired[str]
    reverses: NotRequired[str]
    cancelled_by: NotRequired[str]


class BookedPayment(LedgerEntry, Warned):
    """A payment as it was booked."""


class Line(ComputedFrom):
    """A line of a report: one charge on one due date, and what became of it."""

    kind: Literal["setup", "recurring", "minimum_spend"]
    due_date: Day
    currency: Currency
    cost: Money
    retail: Money
    status: Status
    already_charged: bool
    customer: str


class Totals(TypedDict):
    """Sums of one currency."""

    cost: Money
    retail: Money
    margin: Money
    credit_debited: Money
    held: Money


class NotDue(TypedDict):
    """An assignment without a line, and why."""

    assignment_id: str
    package_name: str
    reason: str
    spend: NotRequired[Money]
    missing: NotRequired[Money]


class HeldBefore(TypedDict):
    """Held charges of earlier dates, which wait for the next daily evaluation."""

    count: Count
    retail: Money
    credit_debited: Money
    explanation: str | None


class _OneCustomer(TypedDict):
    currency: Currency
    generated_at: Instant
    lines: list[Line]
    lines_left_out: Count
    not_due: list[NotDue]
    not_due_left_out: Count
    totals: Totals
    balance_before: Money
    balance_after: Money
    held_before: HeldBefore
    parked: bool


class Report(_OneCustomer):
    """A simulated Run Package of one customer. Nothing was written."""

    run_id: None
    simulate: Literal[True]
    date: Day
    customer: str


class PackageSum(Totals):
    """What a run comes to for one package."""

    package_id: str
    package_name: str
    currency: Currency
    lines: Count


class CustomerSum(Totals):
    """What a run comes to for one customer."""

    customer: str
    currency: Currency
    lines: Count


class _AllCustomers(TypedDict):
    generated_at: Instant
    by_package: list[PackageSum]
    by_package_left_out: Count
    by_customer: list[CustomerSum]
    by_customer_left_out: Count


class Summary(_AllCustomers):
    """A simulated Run Package of all customers. Nothing was written."""

    run_id: None
    simulate: Literal[True]
    date: Day
    customer: None
    totals: Totals | None
    totals_by_currency: dict[str, Totals]
    parked_customers: list[str]
    parked_customers_left_out: Count


class Failure(TypedDict):
    """What could not be posted and is kept for the next run, or for an operator."""

    customer_id: str
    assignment_id: str | None
    due_date: Day
    code: str
    detail: str


class RunReversal(TypedDict):
    """When and by whom a run was reversed, and how far that is."""

    date: Day
    at: Instant | None
    by: str | None
    status: Literal["reversing", "reversed", "reversed_with_failures"]
    reversals: Count
    cancelled: Count
    failures_total: Count


class _Recorded(TypedDict):
    run_id: str
    kind: RunKind
    simulate: Literal[False]
    date: Day
    if_charged: IfCharged | None
    include_written_off: bool
    status: RunState
    created_at: Instant
    created_by: str
    finished_at: Instant | None
    segments: Annotated[int, Field(ge=1)]
    segments_done: Count
    totals_by_currency: dict[str, Totals]
    lines_posted: Count
    failures_total: Count
    failures: list[Failure]
    reversal: NotRequired[RunReversal]


class Run(_Recorded):
    """The record of a live run: daily, or by hand. While it runs it has no report."""

    customer: str | None
    totals: Totals | None


class CustomerRun(_Recorded, _OneCustomer):
    """A finished live Run Package of one customer, with its report."""

    customer: str


class WholeRun(_Recorded, _AllCustomers):
    """A finished live Run Package of all customers, with its summary."""

    customer: None
    totals: Totals | None


AnyRun = CustomerRun | WholeRun | Run
AnySimulation = Report | Summary
AnyReport = AnyRun | AnySimulation
"""The fuller first: generated clients take the first that fits, whatever else there is."""


class ReversalTotals(TypedDict):
    """Sums of what a reversal posted."""

    cost: Money
    retail: Money
    credit_change: Money


class Reversal(TypedDict):
    """What a reversal did."""

    run_id: str
    date: Day
    reversed_at: Instant
    reversed_by: str
    reversals: list[LedgerEntry]
    reversals_left_out: Count
    cancelled: list[LedgerEntry]
    totals: ReversalTotals


AnyReversal = Reversal | Run


class Feature(TypedDict):
    """A ConnexCS package, and the assignments that enable it."""

    connexcs_package: str
    assignments: list[str]


class Features(TypedDict):
    """The ConnexCS packages that a customer has enabled on a date."""

    customer_id: str
    date: Day
    features: list[Feature]


class Fault(TypedDict):
    """One bad field, or one call that is refused."""

    pointer: str
    detail: str
    row: NotRequired[Count]
    column: NotRequired[str]


class ImportedPackage(Warned):
    """A row of a file, and the package that it makes."""

    row: Count
    package: PlannedPackage


class ImportedPackages(TypedDict):
    """What an import of packages made, or would make."""

    dry_run: bool
    rows: Count
    items: list[ImportedPackage]


class DueBefore(TypedDict):
    """What was due before today and is charged at once."""

    due_date: Day
    kind: Literal["setup", "recurring", "minimum_spend"]
    cost: Money
    retail: Money


class ImportedAssignment(Warned):
    """A row of a file, the assignment that it makes, and what that charges at once."""

    row: Count
    assignment: PlannedAssignment
    backlog: list[DueBefore]


class ImportedAssignments(TypedDict):
    """What an import of assignments made, or would make."""

    dry_run: bool
    rows: Count
    items: list[ImportedAssignment]


class Problem(TypedDict):
    """An error (RFC 9457). `code` is stable; what else there is depends on it."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    code: str
    detail: NotRequired[str]
    errors: NotRequired[list[Fault]]
    request_id: NotRequired[str]
    backlog: NotRequired[list[DueBefore]]
    due_dates: NotRequired[Count]
    earliest_end_date: NotRequired[Day]
    today: NotRequired[Day]
    fields: NotRequired[list[str]]
    assignments: NotRequired[Count]
