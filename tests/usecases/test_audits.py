"""Audits as long work: what all customers come to, and what is told of whom (rules: Audit)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import Invalid, Malformed, NotFound
from chalicelib.domain.finding_kinds import FINDING_KINDS, FindingKind
from chalicelib.domain.ledger import Entry
from chalicelib.storage import keys, ledger
from chalicelib.storage.db import remove, update
from chalicelib.usecases import audits, customers
from chalicelib.usecases.audits import AuditRequest, FoundAudit
from chalicelib.usecases.audits import strategy as looks
from chalicelib.usecases.runs import on_demand
from chalicelib.usecases.work import merging, pieces, results
from chalicelib.wire import answers
from chalicelib.wire.audit_views import audit_view
from tests.harness import InProcess
from tests.usecases.exporting import AT, work_off
from tests.world.dynamodb import Answer, Request
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage, furnished

YESTERDAY = TODAY - timedelta(days=1)
CHARGE = f"{YESTERDAY}~1-recurring~rich-line"
Row = dict[str, Any]


def audit(world: InProcess, name: str = "audit", seconds_left: float = 100.0, **asked: Any) -> FoundAudit:
    """A finished audit."""
    audits.request_audit(world.services, world.context_at(AT, name), AuditRequest(**asked))
    work_off(world, seconds_left)
    return audits.read_audit(world.services, name)


def findings(world: InProcess, name: str = "audit", limit: int = 1000, kind: FindingKind | None = None) -> list[Row]:
    """All findings, or those of a kind, page by page."""
    found: list[Row] = []
    after = None
    while True:
        rows, after = audits.findings_page(world.services, name, kind, after, limit)
        found += rows
        if after is None:
            return found


def told(world: InProcess, name: str = "audit") -> list[tuple[str, str, str | None]]:
    return [(row["finding"], row["customer_id"], row["entry_id"]) for row in findings(world, name)]


def not_compared(found: answers.Audit) -> int:
    assert found["found"]
    return found["found"]["not_compared"]


def lose(stage: Stage, key: str = CHARGE, customer: str = "rich") -> None:
    """Take a charge out of the ledger, which no request can."""
    place = keys.entry_key(customer, key)
    stage.db.write(remove(keys.LEDGER, place, condition="attribute_exists(#pk)", values={}))


def change(stage: Stage, name: str, value: Any, key: str = CHARGE, customer: str = "rich") -> None:
    place = keys.entry_key(customer, key)
    stage.db.write(update(keys.LEDGER, place, f"SET #{name} = :new", condition="attribute_exists(#pk)", values={"new": value}))


def test_a_world_in_which_all_is_well_has_a_certificate() -> None:
    stage = furnished()
    found = audit(stage)
    assert findings(stage) == []
    view = audit_view(*found)
    assert view["clean"] is True
    assert view["certificate"] == (
        f"Through {YESTERDAY}: 11 due lines of 6 assignments, 8 posted, 3 held, 0 missing, 0 double, every amount re-computed."
    )
    assert view["compared"] == {"customers": 2, "assignments": 6, "due_lines": 11, "entries": 11, "days": None}
    assert view["found"] == dict.fromkeys(FINDING_KINDS, 0)
    assert view["rows"] == 0


def test_an_audit_of_some_days_and_of_one_customer() -> None:
    stage = furnished()
    lose(stage)
    whole = audit(stage, "whole")
    day_ = audit(stage, "day", first=YESTERDAY, last=YESTERDAY)
    other = audit(stage, "other", customer_id="poor")
    before = audit(stage, "before", first=YESTERDAY - timedelta(days=1), last=YESTERDAY - timedelta(days=1))
    assert told(stage, "whole") == told(stage, "day") == [("missing", "rich", None)]
    assert told(stage, "other") == told(stage, "before") == []
    assert [found.work.segments for found in (whole, day_, other, before)] == [2, 2, 1, 2]
    assert audit_view(*day_)["compared"] == {"customers": 2, "assignments": 6, "due_lines": 5, "entries": 4, "days": 1}
    assert audit_view(*other)["customer"] == "poor"


def test_what_helps_against_a_missing_charge_posts_it() -> None:
    stage = furnished()
    lose(stage)
    audit(stage, "before")
    (row,) = findings(stage, "before")
    assert row["helps"] == (f'POST /runs {{"customer": "rich", "date": "{YESTERDAY}", "simulate": "no", "if_charged": "skip"}} posts it')
    assert (row["due_retail"], row["due_cost"], row["retail"], row["package_id"]) == ("3.00", "1.00", None, "line")
    on_demand.run_live(stage.services, stage.context("run"), RunRequest("rich", YESTERDAY, "skip", "run"))
    audit(stage, "after")
    assert told(stage, "after") == []


def test_a_balance_that_is_not_its_ledger_is_found_by_whoever_reads_the_whole_of_it() -> None:
    stage = furnished()
    change(stage, "credit_change", Decimal(5))
    audit(stage, "whole")
    audit(stage, "day", first=YESTERDAY)
    assert told(stage, "whole") == [("amount", "rich", f"rich~{CHARGE}"), ("balance", "rich", None)]
    assert told(stage, "day") == [("amount", "rich", f"rich~{CHARGE}")]


def test_late_calls_leave_an_audit_clean() -> None:
    stage = furnished()
    usage_day = keys.usage_day_key("rich", YESTERDAY - timedelta(days=1), "4420")
    stage.db.write(update(keys.USAGE, usage_day, "SET #charge = :c, #seconds = :n, #free = :z, #calls = :n", values={
        "c": Decimal("0.5"), "n": 1, "z": 0}, condition="attribute_not_exists(#pk)"))  # fmt: skip
    found = audit(stage)
    assert told(stage) == [("late_usage", "rich", f"rich~{YESTERDAY}~2-minimum_spend~rich-mobile")]
    assert (findings(stage)[0]["retail"], findings(stage)[0]["due_retail"]) == ("4.00", "3.50")
    assert audit_view(*found)["clean"] is True


def test_findings_come_by_kind_customer_and_key_and_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "FILE_ROWS", 2)
    monkeypatch.setattr(results, "READ_BYTES", 300)
    stage = furnished()
    for key in [entry.key for entry in ledger.entries_of(stage.db, "rich")]:
        change(stage, "retail", Decimal("0.25"), key)
    for entry in list(ledger.entries_of(stage.db, "poor")):
        change(stage, "currency", "EUR", entry.key, "poor")
    change(stage, "credit_change", Decimal(5))
    counts = audit(stage).counts or {}
    rows = findings(stage)
    assert len(rows) > 8
    places = [(row["finding"], row["customer_id"], row["entry_id"] or "") for row in rows]
    assert places == sorted(places)
    assert len({kind for kind, _, _ in places}) > 1
    for limit in (1, 2, 3, 7):
        assert findings(stage, limit=limit) == rows
        for kind in FINDING_KINDS:
            of_kind = findings(stage, limit=limit, kind=kind)
            assert of_kind == [row for row in rows if row["finding"] == kind]
            assert len(of_kind) == counts.get(kind, 0)


@pytest.mark.parametrize("after", [{"file": "9", "start": "0"}, {"file": "0", "start": "7"}, {"file": "x", "start": "0"}, {"pk": "0"}])
def test_a_place_that_no_page_gave_is_refused(after: dict[str, str]) -> None:
    stage = furnished()
    audit(stage)
    with pytest.raises(Malformed):
        audits.findings_page(stage.services, "audit", None, after, 10)


def test_what_changes_while_it_is_looked_at_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A payment between the account and its ledger looks like a wrong balance, once."""
    stage, read = furnished(), ledger.entries_of
    left = [1]

    def paid_meanwhile(db: Any, customer_id: str) -> Iterator[Entry]:
        if customer_id == "rich" and left[0]:
            left[0] -= 1
            customers.book_payment(stage.db, stage.context(f"pay-{left[0]}"), "rich", Decimal(1), "")
        return read(db, customer_id)

    monkeypatch.setattr(ledger, "entries_of", paid_meanwhile)
    assert audit_view(*audit(stage, "once"))["clean"] is True
    left[0] = 100
    found = audit_view(*audit(stage, "always"))
    assert told(stage, "always") == [("not_compared", "rich", None)]
    assert (found["clean"], not_compared(found)) == (False, 1)
    assert "1 not compared" in str(found["certificate"])


def test_who_cant_be_read_is_not_compared() -> None:
    stage = furnished()
    change(stage, "unit_retail", "many")
    found = audit_view(*audit(stage))
    assert told(stage) == [("not_compared", "rich", None)]
    assert found["clean"] is False
    stage = furnished()
    place = keys.assignment_key("rich", "rich-line")
    stage.db.write(update(keys.ACCOUNTS, place, "SET #starts = :new", condition="attribute_exists(#pk)", values={"new": "soon"}))
    found = audit_view(*audit(stage))
    assert (found["clean"], found["status"], found["failures"][0]["customer"]) == (False, "finished_with_failures", "rich")
    assert not_compared(found) == 1


def test_a_customer_with_too_many_entries_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "ENTRIES_MAX", 5)
    stage = furnished()
    audit(stage)
    assert ("not_compared", "rich", None) in told(stage)
    assert "too_many" in next(row["detail"] for row in findings(stage) if row["customer_id"] == "rich")


def test_no_more_findings_of_a_customer_are_listed_than_fit_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "FINDINGS_MAX", 2)
    stage = furnished()
    for key in [entry.key for entry in ledger.entries_of(stage.db, "rich")]:
        change(stage, "retail", Decimal("0.25"), key)
    found = audit_view(*audit(stage))
    assert len(findings(stage)) == 2
    assert found["rows"] > 2


def test_what_can_be_asked_for() -> None:
    stage = furnished()
    for first, last in ((None, TODAY), (TODAY, None), (YESTERDAY, YESTERDAY - timedelta(days=1))):
        with pytest.raises(Invalid):
            audits.request_audit(stage.services, stage.context("audit"), AuditRequest(first, last))
    with pytest.raises(NotFound):
        audits.request_audit(stage.services, stage.context("audit"), AuditRequest(customer_id="nobody"))
    with pytest.raises(Invalid):
        audits.request_audit(Stage().services, stage.context("audit"), AuditRequest())
    with pytest.raises(NotFound):
        audits.read_audit(stage.services, "nothing")


def test_until_it_is_finished_nothing_is_told() -> None:
    stage = furnished()
    audits.request_audit(stage.services, stage.context("audit"), AuditRequest())
    view = audit_view(*audits.read_audit(stage.services, "audit"))
    assert (view["clean"], view["certificate"], view["found"], view["compared"]) == (None, None, None, None)
    assert findings(stage) == []


@pytest.mark.parametrize("crash", range(1, 60, 3))
def test_crashes_and_messages_that_come_twice_change_nothing(monkeypatch: pytest.MonkeyPatch, crash: int) -> None:
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=1, lines=1))
    stage = furnished()
    lose(stage)
    whole = audit(stage, "whole")
    calls = [0]

    def hook(request: Request, effect: Any) -> Answer:
        calls[0] += 1
        if calls[0] == crash:
            raise Crashed
        return effect()

    audits.request_audit(stage.services, stage.context_at(AT, "audit"), AuditRequest())
    stage.store.hook = hook
    for number in range(200):
        if not stage.queued_work:
            break
        message = stage.queued_work[0]
        try:
            stage.carry_out_work(message, stage.context_at(AT, f"w{number}"), lambda: 10.0)
            stage.carry_out_work(message, stage.context_at(AT, f"again{number}"), lambda: 10.0)
        except Crashed:
            continue
        stage.queued_work.remove(message)
    stage.store.hook = None
    found = audits.read_audit(stage.services, "audit")
    assert (found.counts, findings(stage)) == (whole.counts, findings(stage, "whole"))


def test_an_audit_writes_nothing_but_its_own_record() -> None:
    stage = furnished()
    lose(stage)
    before = stage.state()
    audit(stage)
    assert {name for name, items in stage.state().items() if items != before[name]} == {"runs", "history"}, (
        "of the work, and that it is over"
    )
