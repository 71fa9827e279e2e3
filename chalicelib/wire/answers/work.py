"""Long work, and exports, which are work."""

from typing_extensions import TypedDict

from ...domain.export import ExportFormat, ExportWhat
from ...domain.ledger import EntryKind
from ...domain.work import WorkKind, WorkState
from .common import Count, Currency, Day, Instant, Money


class WorkFailure(TypedDict):
    """A customer whose part a result lacks."""

    customer: str
    code: str
    detail: str


class Work(TypedDict):
    """Long work: how far it is. `about` says in a few words what was asked for."""

    work_id: str
    kind: WorkKind
    about: str | None
    status: WorkState
    created_at: Instant
    created_by: str
    started_at: Instant | None
    finished_at: Instant | None
    pieces: Count
    pieces_done: Count
    rows: Count
    failures_total: Count
    failures: list[WorkFailure]


class ExportFile(TypedDict):
    """A file of an export. `link` is None once the file has expired."""

    name: str
    rows: Count
    size: Count
    sha256: str
    link: str | None


class Export(Work):
    """An export, with its files once it is finished."""

    what: ExportWhat
    format: ExportFormat
    posted_from: Day | None
    posted_to: Day | None
    closed: bool
    expires_at: Instant
    files: list[ExportFile]


class JournalRow(TypedDict):
    """What entries of one posting day, currency, kind and codes come to."""

    date: Day
    currency: Currency
    kind: EntryKind
    account_code: str | None
    tax_code: str | None
    count: Count
    retail: Money
    cost: Money
    credit_change: Money
