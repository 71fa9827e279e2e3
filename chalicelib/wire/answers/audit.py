"""Audits: what was compared, and what was found."""

from typing_extensions import TypedDict

from ...domain.finding_kinds import FindingKind
from ...domain.pricing import ChargeKind
from .common import Count, Currency, Day, Money
from .work import Work


class AuditCompared(TypedDict):
    """What was compared. `days` is null without a first day."""

    customers: Count
    assignments: Count
    due_lines: Count
    entries: Count
    days: Count | None


class AuditLines(TypedDict):
    """What became of the due lines."""

    posted: Count
    held: Count
    written_off: Count
    reversed: Count
    own_figures: Count


class AuditFound(TypedDict):
    """Findings by kind."""

    missing: Count
    marked: Count
    unexpected: Count
    amount: Count
    late_usage: Count
    repeated: Count
    corrected: Count
    voided: Count
    goodwill: Count
    balance: Count
    held: Count
    not_compared: Count


_Days = TypedDict("_Days", {"from": Day | None, "to": Day})


class Audit(Work, _Days):
    """An audit. What was compared and found is null until it is finished."""

    customer: str | None
    clean: bool | None
    certificate: str | None
    compared: AuditCompared | None
    lines: AuditLines | None
    found: AuditFound | None


class AuditFinding(TypedDict):
    """A finding. `retail` and `cost` are what the ledger has, `due_retail` and `due_cost` what should be there."""

    finding: FindingKind
    customer_id: str
    entry_id: str | None
    kind: ChargeKind | None
    due_date: Day | None
    assignment_id: str | None
    package_id: str | None
    package_name: str | None
    did: str | None
    currency: Currency | None
    retail: Money | None
    cost: Money | None
    due_retail: Money | None
    due_cost: Money | None
    detail: str
    helps: str
