"""Runs: what is due on a date, simulated or posted, and their reversals."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ...domain.deciding import IfCharged
from ...domain.pricing import ChargeKind
from ...domain.record import RunKind, RunState
from ...domain.report import Status
from .common import Count, Currency, Day, Instant, Money
from .ledger import ComputedFrom, LedgerEntry


class DueCharge(TypedDict):
    """A charge that falls due, and what it comes to."""

    customer: str
    kind: ChargeKind
    due_date: Day
    currency: Currency
    cost: Money
    retail: Money


class LineFields(DueCharge):
    """What became of a line, and what it comes to."""

    status: Status
    already_charged: bool
    charged: Money | None
    difference: Money | None


class Line(LineFields, ComputedFrom):
    """A line of a report: one charge on one due date, and what became of it."""


class Totals(TypedDict):
    """Sums of one currency."""

    cost: Money
    retail: Money
    margin: Money
    credit_debited: Money
    held: Money
    below_cost: Count


class NotDue(TypedDict):
    """An assignment without a line, and why."""

    assignment_id: str
    package_name: str
    reason: str
    spend: NotRequired[Money]
    missing: NotRequired[Money]


class HeldAlready(TypedDict):
    """Charges that are held already; they are tried first."""

    count: Count
    retail: Money
    credit_debited: Money


class HeldBefore(HeldAlready):
    """Held charges of earlier dates, which wait for the next daily evaluation."""

    explanation: str | None


class OneCustomer(TypedDict):
    """What a Run Package of one customer tells."""

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
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None


class Report(OneCustomer):
    """A simulated Run Package of one customer. Nothing was written."""

    run_id: None
    simulate: Literal[True]
    date: Day
    customer: str


class GroupTotals(Totals):
    """What a run comes to for a group of lines."""

    currency: Currency
    lines: Count


class PackageSum(GroupTotals):
    """What a run comes to for one package, or, where there is none, for one-off charges that it tried again."""

    package_id: str | None
    package_name: str | None


class CustomerSum(GroupTotals):
    """What a run comes to for one customer."""

    customer: str


class Sums(TypedDict):
    """Totals of several customers: `totals` only when they share one currency."""

    totals: Totals | None
    totals_by_currency: dict[str, Totals]


class AllCustomers(TypedDict):
    """What a Run Package of all customers tells."""

    generated_at: Instant
    by_package: list[PackageSum]
    by_package_left_out: Count
    by_customer: list[CustomerSum]
    by_customer_left_out: Count


class Summary(AllCustomers, Sums):
    """A simulated Run Package of all customers. Nothing was written."""

    run_id: None
    simulate: Literal[True]
    date: Day
    customer: None
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


class _RunFields(TypedDict):
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


class Run(_RunFields):
    """The record of a live run: daily, or by hand. While it runs it has no report."""

    customer: str | None
    totals: Totals | None


class CustomerRun(_RunFields, OneCustomer):
    """A finished live Run Package of one customer, with its report."""

    customer: str


class WholeRun(_RunFields, AllCustomers):
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


class Started(TypedDict):
    """A daily evaluation that was begun; `run_id` is null for a day that never had one."""

    run_id: str | None
    date: Day
    segments: Count
    status: Literal["finished", "running"]
    finished_before: bool
    last_evaluated: Day | None


class Lateness(TypedDict):
    """How many days up to a day are not evaluated."""

    date: Day
    days_late: Count
