"""How an audit is made: each customer is looked at until two looks in a row agree, and what was found is kept."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any, Final, NamedTuple

from ...domain import money
from ...domain.account import Account
from ...domain.assignment import Assignment
from ...domain.audit import Audit, AuditFacts
from ...domain.audit_findings import Finding
from ...domain.charging import Spend
from ...domain.errors import Fault, Invalid, Throttled, code_and_detail
from ...domain.ledger import Entry
from ...domain.package import Package
from ...domain.progress import Progress
from ...domain.schedule import DAY
from ...domain.work import WorkRecord
from ...storage import assignments, ledger, progress, runs, usage
from ...storage.db import Db
from ...storage.keys import Key
from .. import loading
from ..request_context import Services
from ..runs.sweep import Catalog, Group, customers
from ..segment import Unreadable
from ..work.strategy import NamedFiles, Record

LOOKS_MAX: Final = 3
FINDINGS_MAX: Final = 10_000
"""Of a customer that are told; all are counted."""
ENTRIES_MAX: Final = 2_000_000
"""Of a customer that are compared."""
COUNTS: Final = "counts"
"""Names the file of one row that says what all customers come to; those of findings are named as their kind."""
_SPENDS_MAX: Final = 20_000

Row = Mapping[str, Any]


class AuditForms(NamedTuple):
    """How findings are written: the row of one, and a row in a file."""

    finding: Callable[[Finding], Row]
    line: Callable[[Row], bytes]


class CustomerAudit(NamedTuple):
    """What one look at a customer found, and counts of what it compared and found."""

    findings: list[Finding]
    counts: Counter[str]


class AuditStrategy(NamedFiles):
    """An audit of all customers, or of one."""

    depth: Final = 4
    file_depth: Final = 1
    resort: Final = None

    def __init__(self, services: Services, found: WorkRecord, forms: AuditForms) -> None:
        self._db, self._segments, self._asked, self._forms = services.db, found.segments, found.asked, forms
        self._last = date.fromisoformat(self._asked["to"])
        self._first = date.fromisoformat(self._asked["from"]) if "from" in self._asked else None
        self._catalog = Catalog(services.db)
        self._begun_at = lru_cache(maxsize=1000)(self._run_began)
        self._standing: Progress | None = None

    def members(self, segment: int, cursor: Key | None, unreadable: Unreadable) -> Iterator[Group]:
        """Customers with their assignments."""
        if "customer" not in self._asked:
            yield from customers(self._db, segment, self._segments, cursor, unreadable)
            return
        account, found = assignments.of_customer(self._db, self._asked["customer"])
        if account:
            yield Group(account, found)

    def records(self, member: Group) -> Iterator[Record]:
        """The findings about a customer, and what was compared. A part of a customer whose rest another message had is compared there."""
        if not member.whole:
            return
        try:
            look = self._confirmed(member)
        except Throttled:
            raise
        except Exception as error:  # noqa: BLE001 - told as a finding, whatever it is
            look = _not_compared(member.customer_id, ": ".join(code_and_detail(error)))
        counts = look.counts + Counter(finding.kind for finding in look.findings) + Counter(customers=1)
        yield Record((COUNTS, "", "", "", member.customer_id), dict(counts))
        for number, finding in enumerate(look.findings[:FINDINGS_MAX]):
            yield Record((finding.kind, member.customer_id, finding.key, f"{number:06}"), self._forms.finding(finding))

    def _confirmed(self, member: Group) -> CustomerAudit:
        """What two looks in a row have found; a customer with nothing to tell of is looked at once."""
        former = self._look(member.account, member.assignments, self._catalog.of(member.assignments), self._progress())
        if not former.findings:
            return former
        for _ in range(LOOKS_MAX - 1):
            account, found = assignments.of_customer(self._db, member.customer_id)
            if account is None:
                return CustomerAudit([], Counter())
            look = self._look(account, found, loading.packages_of(self._db, found), progress.read_progress(self._db))
            if look.findings == former.findings:
                return look
            former = look
        return _not_compared(member.customer_id, f"changed in {LOOKS_MAX} looks in a row")

    def _progress(self) -> Progress:
        if self._standing is None:
            self._standing = progress.read_progress(self._db)
        return self._standing

    def _look(self, account: Account, found: list[Assignment], catalog: Mapping[str, Package], standing: Progress) -> CustomerAudit:
        """Facts are read before the ledger."""
        facts = AuditFacts(
            account, {one.assignment_id: one for one in found}, catalog, self._last, standing.last_evaluated or self._last,
            _spend(self._db), self._begun_at, lambda line: loading.charges_behind(self._db, [line]), self._first, standing.corrected,
        )  # fmt: skip
        audit = Audit(facts)
        findings = list(audit.findings(_bounded(self._entries(account.customer_id))))
        return CustomerAudit(findings, audit.counts)

    def _entries(self, customer_id: str) -> Iterator[Entry]:
        if self._first is None:
            return ledger.entries_of(self._db, customer_id)
        return ledger.each_dated_in(self._db, customer_id, self._first, self._last + DAY)

    def _run_began(self, run_id: str) -> str | None:
        run = runs.find_run(self._db, run_id)
        return run.created_at if run else None

    def row(self, records: Iterator[Record]) -> Row:
        """A finding; or what all customers come to."""
        first = next(records)
        if first.key[0] != COUNTS:
            row: Row = first.value
            return row
        counts = Counter(first.value)
        for record in records:
            counts.update(record.value)
        return counts

    def file_name(self, _number: int, key: tuple[str, ...]) -> str:
        """The kind of its findings, or that it has the counts."""
        return key[0] if key else COUNTS

    def line(self, row: Row) -> bytes:
        """A row as its line in a file."""
        return self._forms.line(row)


def _not_compared(customer_id: str, why: str) -> CustomerAudit:
    finding = Finding("not_compared", customer_id, "", why, "audit the customer again later")
    return CustomerAudit([finding], Counter())


def _spend(db: Db) -> Spend:
    """Looks up the spend of each period when it is asked for, and keeps some."""

    @lru_cache(maxsize=_SPENDS_MAX)
    def spent(customer_id: str, did: str | None, since: date, until: date) -> Any:
        return money.total(usage.spend_by_day(db, customer_id, did, since, until).values())

    return lambda one, period: spent(one.customer_id, one.did, period.since, period.until)


def _bounded(entries: Iterator[Entry]) -> Iterator[Entry]:
    """The entries. Raises `Invalid` too_many."""
    yield from islice(entries, ENTRIES_MAX)
    if next(entries, None):
        raise Invalid([Fault("/customer", f"has more than {ENTRIES_MAX:,} entries: audit fewer days")], code="too_many")
