"""Files that are applied row by row in the background: checked first, each row once in effect, whatever happens to the workers."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import BillingError, Conflict
from chalicelib.domain.importing import ImportOf
from chalicelib.domain.terms import terms_on
from chalicelib.storage import accounts, assignments, did_tenures
from chalicelib.storage.ledger import entries_of
from chalicelib.usecases import staged_imports
from chalicelib.usecases.assignments import change_assignment, details
from chalicelib.usecases.segment import RoundLimits
from chalicelib.usecases.staged_imports import Wanted, slices
from chalicelib.usecases.work import pieces, read_work, turns
from chalicelib.wire import answers
from chalicelib.wire.csv_out import assignments_csv
from chalicelib.wire.import_views import import_view, imported_row
from chalicelib.wire.views import assignment_view
from tests.usecases.exporting import calls_that_may_crash, work_off, work_off_despite_crash, work_off_doubled
from tests.world.scheduler import Crashed
from tests.world.stage import TODAY, Stage, made_once
from tests.world.test_crashes import CrashAt

NAME, AGAIN = "1MPRT", "AGAXN"
WRITTEN = ("accounts", "catalog", "ledger", "usage")
"""The tables that a check leaves alone."""
HEAD = "assignment_id,customer_id,package,did,quantity,start_date\n"
BEFORE = TODAY - timedelta(days=2)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of few rows, which larger files have by themselves."""
    monkeypatch.setattr(slices, "SLICE_ROWS", 2)
    monkeypatch.setattr(slices, "SLICE_ROWS_MAX", 3)


@made_once
def furnished() -> Stage:
    """Two customers with an assignment each, and a package with daily charges."""
    stage = Stage(page_bytes=1_000_000)
    for customer in ("ann", "eve"):
        stage.customer(customer, limit="35")
    stage.package("line", retail=Decimal(10), cost=Decimal(4), frequency="daily")
    stage.package("spare", retail=Decimal(4))
    stage.assign("ann-line", "ann", "line", did="4410")
    stage.assign("eve-line", "eve", "line", did="4420")
    return stage


def stage_file(
    stage: Stage, text: str, *, of: ImportOf = "assignments", dry_run: bool = False, wanted: Wanted | None = None, name: str = NAME
) -> None:
    wanted = wanted or Wanted(confirmed=True)
    staged_imports.stage_file(stage.services, stage.context(name), of, text.encode(), dry_run=dry_run, wanted=wanted)


def found(stage: Stage, name: str = NAME) -> answers.Import:
    return import_view(*staged_imports.read_import(stage.services, stage.context(name), name))


def rows(stage: Stage, outcome: str = "made", limit: int = 200) -> list[answers.ImportedRow]:
    """All rows of an outcome, page by page."""
    told: list[Any] = []
    after = None
    while True:
        page, after = staged_imports.rows_of_import(stage.services, stage.context(NAME), NAME, outcome, after, limit)
        told += page
        if after is None:
            return [imported_row(staged_imports.import_of(stage.db, NAME), row) for row in told]


def imported(stage: Stage, text: str, **asked: Any) -> answers.Import:
    """A file once its work is done."""
    stage_file(stage, text, **asked)
    work_off(stage)
    return found(stage)


MIXED = (
    f"{HEAD}ann-line,ann,,,3,\n,eve,line,+44 30,2,{BEFORE}\n,ann,spare,,1,{TODAY}\neve-line,eve,line,4420,1,{TODAY}\n"
    f",ann,line,4431,1,{BEFORE}\n,ann,line,,1,{TODAY + timedelta(days=3)}\n"
)
"""Changed, new with a backlog, new, unchanged, new with a backlog, to come."""


def test_a_staged_file_comes_to_what_the_check_said(small: None) -> None:
    stage = furnished()
    before = stage.state()
    checked = imported(stage, MIXED, dry_run=True)
    assert checked["step"] == "check"
    assert checked["counts"] == {"created": 4, "changed": 1, "unchanged": 1, "failed": 0, "faulty": 0}
    assert checked["backlog"] == [{"currency": "USD", "lines": 4, "retail": "60.00"}]
    assert [row["change"] for row in rows(stage, "planned")] == ["changed", "created", "created", "unchanged", "created", "created"]
    assert {name: stage.state()[name] for name in WRITTEN} == {name: before[name] for name in WRITTEN}
    staged_imports.apply_file(stage.services, stage.context(AGAIN), NAME, Wanted(confirmed=True))
    work_off(stage)
    applied = found(stage)
    assert applied["step"] == "application"
    assert applied["work"] is not None
    assert applied["work"]["status"] == "finished"
    assert applied["counts"] == checked["counts"]
    made = rows(stage, limit=2)
    assert [(row["row"], row["change"], row["version"]) for row in made] == [
        (2, "changed", 2), (3, "created", 1), (4, "created", 1), (5, "unchanged", 1), (6, "created", 1), (7, "created", 1),
    ]  # fmt: skip
    for row in made:
        assert assignments.find_assignment(stage.db, row["customer_id"] or "", row["assignment_id"] or "")
    line = assignments.find_assignment(stage.db, "ann", "ann-line")
    assert line is not None
    assert line.terms[0].values["quantity"] == 3
    assert [(item["sk"][:12], item["retail"]) for item in stage.store.items("ledger") if item["pk"] == "eve"] == []


def ledger(stage: Stage) -> list[tuple[str, str]]:
    return sorted((item["pk"]["S"], item["sk"]["S"]) for item in stage.store.items("ledger"))


def result(stage: Stage) -> Any:
    """What stands after an import, and after the next daily run."""
    stage.evaluate()
    view = found(stage)
    items = stage.store.items("accounts")
    kept = [{name: value for name, value in item.items() if name not in ("updated", "created")} for item in items]
    return view["counts"], rows(stage), rows(stage, "failed"), ledger(stage), kept


FEW = f"{HEAD}ann-line,ann,,,3,\n,eve,line,4430,2,{BEFORE}\n,ann,spare,,1,{TODAY}\n,ann,line,4431,1,{BEFORE}\n"


@pytest.mark.parametrize(("seconds_left", "after"), [(100.0, True), (10.0, False)], ids=["in one go, after", "piece by piece, before"])
def test_a_worker_killed_at_any_call_applies_each_row_once(small: None, seconds_left: float, after: bool) -> None:
    assert calls_that_may_crash(furnished, lambda stage: stage_file(stage, FEW), result, seconds_left, after=after) > 60


def test_messages_that_come_twice_and_in_any_order_apply_each_row_once(small: None) -> None:
    whole, stage = furnished(), furnished()
    imported(whole, FEW)
    stage_file(stage, FEW)
    work_off_doubled(stage)
    assert result(stage) == result(whole)


def test_a_faulty_row_keeps_all_from_being_applied(small: None) -> None:
    stage = furnished()
    before = ledger(stage), stage.store.items("accounts")
    cells = ("ann,spare,,1", "eve,none,,1", "ann,line,4499,1", "eve,line,4499,0", "eve,line,+4499,1")
    text = HEAD + "".join(f",{row},{TODAY}\n" for row in cells)
    told = imported(stage, text)
    assert (ledger(stage), stage.store.items("accounts")) == before
    assert told["work"] is not None
    assert told["work"]["status"] == "finished_with_failures"
    assert [(one["row"], [error["column"] for error in one["errors"]]) for one in told["errors"]] == [
        (3, ["package"]), (5, ["quantity"]), (6, ["did"]),
    ]  # fmt: skip
    assert rows(stage) == []
    with pytest.raises(Conflict, match="no row"):
        staged_imports.retry_failed(stage.services, stage.context(AGAIN), NAME, Wanted())


def test_who_may_not_charge_imports_nothing_that_charges(small: None) -> None:
    stage = furnished()
    context = stage.context(NAME)._replace(may_charge=False)
    staged_imports.stage_file(stage.services, context, "assignments", MIXED.encode(), dry_run=False, wanted=Wanted(confirmed=True))
    work_off(stage)
    assert [one["row"] for one in found(stage)["errors"]] == [3, 6]
    assert rows(stage) == []


def refused(stage: Stage, name: str = AGAIN, **wanted: bool) -> str:
    with pytest.raises(BillingError) as error:
        stage_file(stage, MIXED, name=name, wanted=Wanted(confirmed=True, **wanted))
    return error.value.code


def test_the_same_file_is_imported_again_only_if_that_is_said(small: None) -> None:
    stage = furnished()
    imported(stage, MIXED)
    assert refused(stage) == "imported_before"
    stage_file(stage, MIXED, name=AGAIN, dry_run=True)
    work_off(stage)
    stage.today += timedelta(days=30)
    stage_file(stage, MIXED, name="MXNTH")
    stage.today -= timedelta(days=30)


def test_what_changes_between_check_and_application_fails_and_is_retried(small: None) -> None:
    stage = furnished()
    text = f"{HEAD}ann-line,ann,,,3,\neve-line,eve,,,5,\n,eve,line,4430,1,{TODAY}\n"
    stage_file(stage, text)
    for _ in range(2):  # the beginning, and the check
        message = stage.queued_work.pop(0)
        stage.carry_out_work(message, stage.context(f"worker-{len(stage.queued_work)}"), lambda: 100.0)
    change_assignment(stage.db, stage.context("edit"), ("eve", "eve-line"), None, lambda old: old._replace(quantity=4), False)
    stage.assign("other", "ann", "line", did="4430")
    work_off(stage)
    told = found(stage)
    assert [(one["row"], one["code"]) for one in told["failed"]] == [(3, "changed_meanwhile"), (4, "invalid")]
    assert [row["row"] for row in rows(stage)] == [2]
    staged_imports.retry_failed(stage.services, stage.context(AGAIN), NAME, Wanted(confirmed=True))
    work_off(stage)
    assert [(row["row"], row["errors"][0]["column"]) for row in rows(stage, "faults")] == [(4, "did")]


def test_a_cancelled_import_is_applied_again_and_knows_what_others_did_to_its_rows(small: None) -> None:
    stage = furnished()
    stage_file(stage, MIXED)
    while not any(one["kind"] == "piece" and one["segment"] == 1 and one["piece"] == 1 for one in stage.queued_work):
        message = stage.queued_work.pop(0)
        stage.carry_out_work(message, stage.context(f"worker-{len(message)}"), lambda: 10.0)
    made = [one for one in assignments.of_customer(stage.db, "ann")[1] if one.created_by == "test" and one.package_id == "spare"]
    for name in ("ann-line", made[0].assignment_id):
        change_assignment(stage.db, stage.context("edit"), ("ann", name), None, lambda old: old._replace(quantity=9), False)
    turns.cancel_work(stage.services, stage.context("cancel"), read_work(stage.db, NAME))
    work_off(stage)
    staged_imports.apply_file(stage.services, stage.context(AGAIN), NAME, Wanted(confirmed=True))
    work_off(stage)
    told = found(stage)
    assert told["failed"] == []
    assert [(row["row"], row["version"]) for row in rows(stage)] == [(2, 2), (3, 1), (4, 1), (5, 1), (6, 1), (7, 1)]
    assert [(one["row"], one["code"]) for one in undone(stage)["left"]] == [(2, "changed_meanwhile"), (4, "changed_meanwhile")]


def test_files_of_packages_and_customers_are_applied_too(small: None) -> None:
    stage = furnished()
    told = imported(stage, "customer_id,name,debit_limit\nnew,New,5\nann,Ann,\neve,,35\nlate,,\n", of="customers")
    assert told["counts"] == {"created": 2, "changed": 1, "unchanged": 1, "failed": 0, "faulty": 0}
    assert accounts.find_accounts(stage.db, ["ann", "new"]).keys() == {"ann", "new"}
    stage = furnished()
    told = imported(stage, "package_id,name,retail\n,New,1\nspare,,5\n,Other,2\nline,line,\n", of="packages")
    assert told["counts"] == {"created": 2, "changed": 1, "unchanged": 1, "failed": 0, "faulty": 0}


UNDO = "XND0"


def undone(stage: Stage, *, dry_run: bool = False) -> answers.Import:
    """An import once it is undone, or once it is said how."""
    staged_imports.undo_import(stage.services, stage.context("XNDCHECK" if dry_run else UNDO), NAME, dry_run=dry_run)
    work_off(stage)
    return found(stage)


def standing(stage: Stage) -> dict[str, Any]:
    """What of the customers a person sees: assignments with their terms, and accounts."""
    listed = [one for name in ("ann", "eve") for one in assignments.of_customer(stage.db, name)[1] if not one.cancelled]
    shown = {one.assignment_id: (one.start_date, one.end_date, one.did, terms_on(one, TODAY)) for one in listed}
    return shown | {name: account.balance for name, account in accounts.find_accounts(stage.db, ["ann", "eve"]).items()}


def test_undoing_leaves_what_stood_before_with_charges_credited() -> None:
    stage = furnished()
    before = standing(stage)
    imported(stage, MIXED)
    foreseen = undone(stage, dry_run=True)
    assert standing(stage) != before
    told = undone(stage)
    assert standing(stage) == before
    assert told["undone"] == foreseen["undone"]
    assert told["undone"] == {
        "removed": 2, "cancelled": 2, "restored": 1, "left": 0, "credited": [{"currency": "USD", "lines": 4, "retail": "60.00"}],
    }  # fmt: skip
    stage.evaluate()
    charged = [entry for name in ("ann", "eve") for entry in entries_of(stage.db, name)]
    assert sum(entry.retail for entry in charged if entry.date < TODAY) == 60
    assert sum(entry.retail for entry in charged if entry.kind == "credit") == -60
    assert undone(stage)["undone"]["left"] == 0
    for again in (staged_imports.apply_file, staged_imports.retry_failed):
        with pytest.raises(Conflict, match="was undone"):
            again(stage.services, stage.context(AGAIN), NAME, Wanted(confirmed=True))


def test_what_was_touched_since_is_left_and_told() -> None:
    stage = furnished()
    imported(stage, MIXED)
    ids = {row["row"]: (row["customer_id"] or "", row["assignment_id"] or "") for row in rows(stage)}
    for row in (2, 4):
        change_assignment(stage.db, stage.context("edit"), ids[row], None, lambda old: old._replace(quantity=7), False)
    stage.evaluate()
    told = undone(stage)
    assert [(one["row"], one["code"]) for one in told["left"]] == [
        (2, "changed_meanwhile"), (3, "charged"), (4, "changed_meanwhile"), (6, "charged"),
    ]  # fmt: skip
    assert told["undone"]["removed"] == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_at_any_call_takes_each_row_back_once(after: bool) -> None:
    def made() -> Stage:
        stage = furnished()
        imported(stage, FEW)
        return stage

    def undo(stage: Stage) -> None:
        staged_imports.undo_import(stage.services, stage.context(UNDO), NAME, dry_run=False)

    def result(stage: Stage) -> Any:
        told = found(stage)
        return told["undone"]["left"], standing(stage), [entry.retail for name in ("ann", "eve") for entry in entries_of(stage.db, name)]

    assert calls_that_may_crash(made, undo, result, 100.0, after=after) > 30


def put(stage: Stage, body: bytes) -> answers.Import:
    """A file that was put to its link, once it is checked."""
    staged_imports.announce(stage.services, stage.context(NAME), "assignments")
    stage.services.objects().put(staged_imports.file_key(NAME), body)
    staged_imports.check_file(stage.services, stage.context("CHECK"), NAME)
    work_off(stage)
    return found(stage)


CELLS = st.sampled_from(
    ["", "ann", "eve", "line", "1", "-1", "4410", "2024-03-01", '"', "\0", "\ufffd", "=1", "'", "é", "9" * 40, "x" * 300]
)
LINES = st.lists(CELLS, max_size=8)
TEXTS = st.builds(
    lambda head, lines, by, end, coding: (head + end + end.join(by.join(cells) for cells in lines)).encode(coding, "replace"),
    st.sampled_from([HEAD.strip(), HEAD.strip().replace(",", ";"), "sep=;", "customer_id", "", ",,,", "a,b"]),
    st.lists(LINES, max_size=6),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
)


@settings(max_examples=60)
@given(st.one_of(TEXTS, st.binary(max_size=300)))
@example(b"," * 1_000_000)
@example(b"customer_id\n" + b"," * 1_000_000)
@example(b"customer_id\n" + b"a\n" * 200_000)
@example(b'customer_id\n"' + b"a" * 4_000_000)
def test_any_file_gets_an_answer_that_names_what_is_wrong(body: bytes) -> None:
    """Nothing of it comes back as a message that can't be worked off, and nothing is written."""
    stage = furnished()
    before = stage.state()
    told = put(stage, body)
    assert told["work"] is not None
    counts = told["counts"]
    assert all(failure["code"] == "invalid" for failure in told["work"]["failures"])
    assert counts["faulty"] > 0 or counts["created"] + counts["changed"] + counts["unchanged"] > 0
    assert all(error["detail"] for one in told["errors"] for error in one["errors"])
    assert {name: stage.state()[name] for name in WRITTEN} == {name: before[name] for name in WRITTEN}


def test_an_export_that_was_edited_and_saved_by_a_spreadsheet_comes_in_as_changes(small: None) -> None:
    """Columns in another order, semicolons, a byte order mark, empty cells and rows at the end."""
    stage = furnished()
    imported(stage, MIXED)
    listed = [one for name in ("ann", "eve") for one in assignments.of_customer(stage.db, name)[1]]
    text = assignments_csv({"items": [assignment_view(one) for one in details(stage.db, listed, TODAY)]})
    exported = list(csv.DictReader(io.StringIO(text)))
    for row in exported:
        row["quantity"] = str(int(row["quantity"]) + 1)
    columns = sorted(exported[0], reverse=True)
    lines = [columns, *([row[name] for name in columns] for row in exported)]
    saved = "\ufeff" + "".join(";".join(f'"{cell}"' if ";" in cell else cell for cell in line) + ";;\r\n" for line in lines) + ";;\r\n\r\n"
    stage_file(stage, saved, name=AGAIN)
    work_off(stage)
    assert found(stage, AGAIN)["counts"] == {"created": 0, "changed": 6, "unchanged": 0, "failed": 0, "faulty": 0}
    after = [assignments.find_assignment(stage.db, one.customer_id, one.assignment_id) for one in listed]
    shown = {row["assignment_id"]: row["quantity"] for row in exported}
    quantities = {one.assignment_id: str(terms_on(one, max(TODAY, one.start_date)).quantity) for one in after if one}
    assert quantities == shown


def test_what_does_not_fit_is_held_in_the_order_of_charges_and_written_off_when_undone() -> None:
    """35 may be debited: of 20 and 10 a day for two days, the later row's first day comes before the earlier row's second."""
    stage = furnished()
    head = "customer_id,package,quantity,start_date,auto_decrement_credit\n"
    imported(stage, f"{head}ann,line,2,{BEFORE},true\nann,line,1,{BEFORE},true\n")
    charged = [(entry.date, entry.retail, entry.status) for entry in entries_of(stage.db, "ann")]
    assert [(retail, status) for _, retail, status in charged] == [(20, "posted"), (10, "posted"), (20, "held"), (10, "held")]
    told = undone(stage)
    assert told["undone"]["credited"] == [{"currency": "USD", "lines": 2, "retail": "30.00"}]
    account = accounts.find_accounts(stage.db, ["ann"])["ann"]
    assert (account.balance, account.held) == (0, 0)


MANY = 300


@made_once
def many_customers() -> Stage:
    stage = furnished()
    for n in range(20):
        stage.customer(f"c{n:02}")
    return stage


@pytest.mark.parametrize("part", range(3))
def test_many_rows_are_applied_once_to_the_last_row_wherever_the_worker_dies(part: int) -> None:
    """At a call in each part of the work, and not at all in the first."""
    head = "customer_id,package,did,start_date\n"
    text = head + "".join(f"c{n % 20:02},line,{44000 + n},{BEFORE}\n" for n in range(MANY))
    counter = CrashAt(0, after=False)
    stage = many_customers()
    work_off_despite_crash(stage, lambda stage: stage_file(stage, text), 100.0, counter if part == 0 else CrashAt(500 * part, after=True))
    told = rows(stage)
    assert [row["row"] for row in told] == list(range(2, MANY + 2))
    assert part or counter.calls > 2 * 500
    for row in told:
        (tenure,) = did_tenures.find_tenures(stage.db, str(44000 + row["row"] - 2)).all
        assert (tenure.customer_id, tenure.assignment_id) == (f"c{(row['row'] - 2) % 20:02}", row["assignment_id"])
    stage.evaluate()
    charged = [entry for n in range(20) for entry in entries_of(stage.db, f"c{n:02}")]
    assert len(charged) == 3 * MANY
    assert {account.assignments for account in accounts.find_accounts(stage.db, [f"c{n:02}" for n in range(20)]).values()} == {MANY // 20}


def made_of_number(stage: Stage) -> int:
    """How many assignments to numbers stand that the furnishing did not make."""
    return sum(1 for item in stage.store.items("accounts") if "did" in item and item["did"]["S"].startswith("44000"))


@pytest.mark.parametrize("deliveries", [1, 2])
def test_counts_rise_while_rows_are_applied_and_never_say_more_than_stands(monkeypatch: pytest.MonkeyPatch, deliveries: int) -> None:
    """Looked at after every round, when workers die in the middle, and when each message comes twice, the second time with less time."""
    monkeypatch.setattr(pieces, "SLOW_ROUND", RoundLimits(customers=20, lines=20))
    stage = many_customers()
    head = "customer_id,package,did,start_date\n"
    stage_file(stage, head + "".join(f"c{n % 20:02},line,44000{n:03},{TODAY}\n" for n in range(60)))
    told: list[answers.Import] = []

    def looked(seconds: float) -> float:
        told.append(found(stage))
        applied = told[-1]["progress"]
        assert told[-1]["counts"]["created"] <= made_of_number(stage)
        assert applied is None or applied["applied"] <= min(made_of_number(stage), applied["of"] or 0)
        return seconds

    for number in range(1000):
        if not stage.queued_work:
            break
        message = stage.queued_work.pop(0)
        for delivery in range(deliveries):
            counter = CrashAt(0 if delivery or number % 3 else 40, after=True)
            stage.store.hook = counter
            seconds = partial(looked, 100.0 if delivery == 0 else 10.0)
            try:
                stage.carry_out_work(message, stage.context(f"worker-{number}-{delivery}"), seconds)
            except Crashed:
                stage.queued_work.append(message)
            stage.store.hook = None
    finished = found(stage)
    assert (finished["progress"], finished["counts"]["created"]) == (None, 60)
    steps = [one["progress"]["applied"] for one in told if one["progress"]]
    assert len(set(steps)) > 2
    assert deliveries > 1 or steps == sorted(steps)
