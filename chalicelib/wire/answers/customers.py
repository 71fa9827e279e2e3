"""Customers, their assignments, and what an import of assignments makes."""

from typing import Annotated, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from ...domain.importing import RowChange
from ...domain.pricing import ChargeKind
from .common import BalanceNotice, Count, Currency, Day, Instant, Money, Warned, Written
from .packages import Package
from .problems import DueBefore
from .usage import Minutes


class CustomerFields(TypedDict):
    """A customer as callers write it."""

    customer_id: str
    name: str
    currency: Currency
    debit_limit: Money | None
    email: str | None
    external_id: str | None
    tags: list[str]
    notes: str
    balance_notices: list[BalanceNotice] | None


class _Standing(TypedDict):
    balance: Money
    held_charges: Count
    parked: bool


class Customer(CustomerFields, _Standing, Written):
    """A customer with the balance as it stands."""


class SavedCustomer(CustomerFields, Written):
    """A customer as written; the balance, the held charges and whether they are parked only with `billing:read`."""

    balance: NotRequired[Money]
    held_charges: NotRequired[Count]
    parked: NotRequired[bool]


class Feature(TypedDict):
    """A ConnexCS package, and the assignments that enable it."""

    connexcs_package: str
    assignments: list[str]


class Features(TypedDict):
    """The ConnexCS packages that a customer has enabled on a date."""

    customer_id: str
    date: Day
    features: list[Feature]


class AssignmentFields(TypedDict):
    """What stands in an assignment itself."""

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
    retail: Money | None
    cost: Money | None
    discount: Money
    paused: bool
    setup_cost: Money | None
    setup_retail: Money | None
    replaces: str | None
    replaced_by: str | None
    transferred_from: str | None
    transferred_to: str | None
    counted_from: Day | None
    cancelled: bool
    evaluate_from: Day | None


class _Details(TypedDict):
    package: Package
    minutes: Minutes | None


class _AssignmentId(TypedDict):
    assignment_id: str


class Assignment(_AssignmentId, AssignmentFields, Written, _Details):
    """A package given to a customer or to a DID, with the package, and what is used of its free minutes today."""


class SavedAssignment(_AssignmentId, AssignmentFields, Written, Warned):
    """An assignment as it was written, with the package; what is used of its free minutes only with `billing:read`."""

    package: Package
    minutes: NotRequired[Minutes | None]
    effective_from: Day | None


class FirstTerms(TypedDict):
    """The first values of the terms, in force on days on which no entry sets the field."""

    quantity: Annotated[int, Field(ge=1)]
    retail: Money | None
    cost: Money | None
    discount: Money
    auto_decrement_credit: bool
    free_minutes: Annotated[int, Field(ge=1)] | None


TermsEntry = TypedDict(
    "TermsEntry",
    {
        "from": Day,
        "until": Day | None,
        "quantity": NotRequired[Annotated[int, Field(ge=1)]],
        "retail": NotRequired[Money | None],
        "cost": NotRequired[Money | None],
        "discount": NotRequired[Money],
        "paused": NotRequired[bool],
        "auto_decrement_credit": NotRequired[bool],
        "free_minutes": NotRequired[Annotated[int, Field(ge=1)] | None],
        "entered_at": Instant,
        "superseded_at": NotRequired[Instant],
        "reason": NotRequired[str],
    },
)
TermsEntry.__doc__ = "Terms from a day on; fields that it leaves out stay as they are."


class Terms(Written):
    """The terms of an assignment: its first values, the entries that change them, oldest first, and those that were replaced or removed."""

    customer_id: str
    assignment_id: str
    first_open_day: Day
    first: FirstTerms
    items: list[TermsEntry]
    superseded: list[TermsEntry]


class SavedTerms(Terms, Warned):
    """The terms as they were written; `effective_from` is the first day on which the change is in force."""

    effective_from: Day | None


class EndedAssignment(Warned):
    """An assignment was ended, and something is left to do about it."""


class ImportedCustomer(TypedDict):
    """A row of a file, and the customer that it makes or changes."""

    row: Count
    change: RowChange
    customer: SavedCustomer


class ImportedCustomers(TypedDict):
    """What an import of customers made and changed, or would."""

    dry_run: bool
    import_id: str | None
    rows: Count
    items: list[ImportedCustomer]


class _PlannedAssignmentId(TypedDict):
    assignment_id: str | None


class PlannedAssignment(_PlannedAssignmentId, AssignmentFields, Written, _Details):
    """An assignment of an import; without an id while nothing is made."""


class ImportedAssignment(Warned):
    """A row of a file, the assignment that it makes or changes, and what that charges at once."""

    row: Count
    change: RowChange
    assignment: PlannedAssignment
    backlog: list[DueBefore]


class ImportedAssignments(TypedDict):
    """What an import of assignments made and changed, or would."""

    dry_run: bool
    import_id: str | None
    rows: Count
    items: list[ImportedAssignment]


class ComingLine(TypedDict):
    """A line that is due on an assignment, if nothing else changes."""

    due_date: Day
    kind: ChargeKind
    currency: Currency
    quantity: int
    cost: Money
    retail: Money
    explanation: str


class TriedAssignment(TypedDict):
    """What an assignment would charge at once. Nothing was written."""

    dry_run: bool
    currency: Currency
    due_dates: Count
    retail: Money
    cost: Money
    needs_confirmation: bool
    lines: list[ComingLine]


class HandedOver(_PlannedAssignmentId, AssignmentFields, Written):
    """One side of a replacement or transfer, with its package. A new one has no id in a dry run."""

    package: Package


class Handover(TypedDict):
    """An assignment that ends and the one that replaces it, with the lines of both around that day."""

    old: HandedOver
    new: HandedOver
    old_lines: list[ComingLine]
    new_lines: list[ComingLine]


class Replacement(Handover):
    """A replacement, written or only tried (`dry_run`)."""

    dry_run: bool


class Transfer(TypedDict):
    """A transfer, written or only tried (`dry_run`): every assignment of the DID that is given to the other customer."""

    dry_run: bool
    did: str
    customer_id: str
    items: list[Handover]


class DidSummary(TypedDict):
    """A DID that somebody has, had or will have: who has it today, with what, and from when on it is free. Amounts are for a month."""

    did: str
    customer_id: str | None
    customer_name: str
    since: Day | None
    until: Day | None
    package_names: list[str]
    currency: Currency | None
    cost: Money | None
    retail: Money | None
    paused: bool
    free_from: Day | None
    next_customer_id: str | None
    next_from: Day | None
    last_customer_id: str | None
    last_day: Day | None
