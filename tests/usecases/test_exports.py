"""Exports of all customers equal their ledgers, whatever happens to the workers, and to the ledgers afterwards (rules: Exports)."""

import csv
import hashlib
import io
import json
import random
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.crediting import CreditRequest
from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.errors import BillingError
from chalicelib.domain.export import ExportWhat
from chalicelib.domain.one_off import OneOffRequest
from chalicelib.domain.prices import in_force
from chalicelib.domain.schedule import DAY
from chalicelib.storage import ledger
from chalicelib.usecases import assignments, crediting, customers, exports, one_off, usage
from chalicelib.usecases.finding import PackagesAsked, find_packages
from chalicelib.usecases.runs import on_demand, reversal
from chalicelib.usecases.runs.sweep import customers as customers_of
from chalicelib.usecases.work import merging, pieces
from chalicelib.wire import answers
from chalicelib.wire.csv_out import assignments_csv, columns, packages_csv, to_csv
from chalicelib.wire.customer_views import customer_view
from chalicelib.wire.export_views import ledger_row
from chalicelib.wire.views import assignment_view, package_view
from tests.harness import RETAINED
from tests.usecases.exporting import (
    Row,
    ask,
    calls_that_may_crash,
    days,
    exported,
    files,
    ledgers,
    rows,
    work_off,
    work_off_doubled,
)
from tests.world.simulation import World
from tests.world.stage import TODAY, Stage, call, furnished

SEEDS = 20
"""Of a block."""
CHARGE = "2024-02-28~1-recurring~rich-line"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects and files of a few rows, which larger worlds have by themselves."""
    monkeypatch.setattr(pieces, "CHUNK_RECORDS", 3)
    monkeypatch.setattr(pieces.PieceWork, "limits", pieces.PieceWork.limits._replace(customers=3, lines=3))
    monkeypatch.setattr(merging, "FILE_ROWS", 4)
    monkeypatch.setattr(merging, "_BUFFER_BYTES_MIN", 100)
    monkeypatch.setattr(merging, "_BUFFERS_BYTES", 300)


def credit(stage: Stage, name: str, retail: str | None = None, *, recharge: bool = False) -> None:
    amount = None if retail is None else Decimal(retail)
    asked = CreditRequest("faulty", amount, recharge=recharge)
    crediting.give_credit(stage.db, stage.context(name), "rich", f"rich~{CHARGE}", asked)


def played(seed: int) -> World:
    """A world in which, at last, some charges are credited and some runs reversed."""
    world, chance = World(seed), random.Random(seed)
    world.play()
    world.store.hook = None
    world.store.observers.clear()
    services = world.services._replace(send=lambda _: None)
    for customer in world.customers:
        with suppress(BillingError):
            on_demand.run_live(services, world.context("run"), RunRequest(customer, world.last_day, "charge_again", f"run of {customer}"))
        with suppress(BillingError):
            asked_once = OneOffRequest("A visit", world.last_day, Decimal(3), auto_decrement_credit=True)
            one_off.charge_one_off(world.db, world.context("visit"), customer, asked_once)
            customers.book_adjustment(world.db, world.context("adjust"), customer, Decimal(-1), "a mistake")
    for row in list(ledgers(world)):
        part = chance.choice((None, Decimal(row["retail"]) / 2))
        asked = CreditRequest("faulty", part, recharge=part is None and chance.random() < 0.5)
        if "credited_retail" in row and chance.random() < 0.3:
            with suppress(BillingError):
                crediting.give_credit(world.db, world.context("credit"), row["customer_id"], row["entry_id"], asked)
    for customer in world.customers[1:]:
        with suppress(BillingError):
            reversal.reverse(services, world.context("reverse"), f"run of {customer}")
    return world


@pytest.mark.parametrize("block", range(3))
def test_an_export_of_all_customers_is_their_ledgers(small: None, block: int) -> None:
    """Entry by entry, credited sums included, which an export derives from the entries that take back."""
    seen = set()
    for seed in range(block * SEEDS, (block + 1) * SEEDS):
        world = played(seed)
        whole = list(ledgers(world))
        ask(world)
        ask(world, "journal", what="journal")
        work_off(world, 10.0 if seed % 2 else 100.0)
        assert rows(world) == whole, seed
        journal = _journal(whole)
        assert {_group(row): (row["count"], *_amounts(row)) for row in rows(world, "journal")} == journal, seed
        assert [_group(row) for row in rows(world, "journal")] == sorted(journal, key=lambda group: [json.dumps(part) for part in group])
        for row in whole:
            seen |= {row["kind"], "less" if Decimal(row.get("credited_retail", 0)) else ""}
    assert seen >= {"recurring", "payment", "reversal", "credit", "less", "proration", "one_off", "adjustment"}


def _group(row: Row) -> tuple[str | None, ...]:
    return tuple(row[name] for name in ("date", "currency", "kind", "account_code", "tax_code"))


def _amounts(row: Row) -> tuple[Decimal, ...]:
    return tuple(Decimal(row[name]) for name in ("retail", "cost", "credit_change"))


def _journal(entries: list[Row]) -> dict[tuple[str | None, ...], tuple[Any, ...]]:
    found: dict[tuple[str | None, ...], tuple[Any, ...]] = {}
    for row in entries:
        group = _group(row | {"date": row["posted_at"][:10]})
        before = found.get(group, (0, Decimal(0), Decimal(0), Decimal(0)))
        found[group] = tuple(a + b for a, b in zip(before, (1, *_amounts(row)), strict=True))
    return found


def test_closed_days_are_exported_as_they_were_closed(small: None) -> None:
    """The second time after a late call, credits, a charge made anew, payments that release held charges, and the reversal of a run."""
    stage = furnished()
    stage.customer("held", limit="0")
    stage.assign("held-line", "held", "line", starts=-2, auto_decrement_credit=True)
    on_demand.run_live(stage.services, stage.context("run"), RunRequest("rich", TODAY, "charge_again", "run-1"))
    credit(stage, "before", "1")
    of = days(TODAY - timedelta(days=40), TODAY)
    both: tuple[ExportWhat, ...] = ("ledger", "journal")
    for what in both:
        ask(stage, f"{what}-1", what=what, of=of, form="csv")
    work_off(stage)
    first = [files(stage, f"{what}-1") for what in both]
    stage.next_day()
    late = call(1, did="4420")._replace(day=TODAY - DAY, started_at=f"{TODAY - DAY}T09:00:00+00:00")
    settled = f"{TODAY}~2-minimum_spend~rich-mobile"
    assert settled in str(first)
    usage.record_calls(stage.db, stage.context("late"), "rich", [late], RETAINED)
    credit(stage, "after", recharge=True)
    on_demand.run_live(stage.services, stage.context("anew"), RunRequest("rich", TODAY - 2 * DAY, "skip", "anew"))
    assert f"{CHARGE}~recharged~1" in {entry["entry_id"].partition("~")[2] for entry in ledgers(stage)}
    reversal.reverse(stage.services, stage.context("reverse"), "run-1")
    customers.book_payment(stage.db, stage.context("pay"), "held", Decimal(100), "")
    customers.book_payment(stage.db, stage.context("pay-poor"), "poor", Decimal(100), "")
    stage.evaluate("next")
    assert exported(stage, "all", of=days(of.first, of.last + DAY)) == list(ledgers(stage)) != exported(stage, "old", of=of)
    for what in both:
        ask(stage, f"{what}-2", what=what, of=of, form="csv")
    work_off(stage)
    assert [files(stage, f"{what}-2") for what in both] == first


def test_an_export_of_some_days_has_what_was_posted_on_them() -> None:
    stage = furnished()
    yesterday = TODAY - DAY
    found = exported(stage, of=days(yesterday, yesterday))
    assert found == [row for row in ledgers(stage) if row["posted_at"].startswith(f"{yesterday}")]
    assert 0 < len(found) < len(list(ledgers(stage)))


def test_files_say_their_rows_size_and_hash(small: None) -> None:
    """Each continues the one before: 4 rows, and the rest."""
    stage = furnished()
    ask(stage, form="csv")
    work_off(stage)
    found = exports.read_export(stage.db, "export")
    written = files(stage)
    assert [one.size for one in found.files] == [len(file) for file in written]
    assert [one.sha256 for one in found.files] == [hashlib.sha256(file).hexdigest() for file in written]
    whole = list(ledgers(stage))
    assert [one.rows for one in found.files] == [4] * (len(whole) // 4) + [len(whole) % 4] * (len(whole) % 4 > 0)
    assert found.work.rows == len(whole)
    read = [row for file in written for row in csv.DictReader(io.StringIO(file.decode(), newline=""))]
    assert [row["entry_id"] for row in read] == [row["entry_id"] for row in whole]
    assert [Decimal(row["retail"]) for row in read] == [Decimal(row["retail"]) for row in whole]
    assert {one.name.rpartition("-")[2] for one in found.files} == {f"{n}.csv" for n in range(1, len(written) + 1)}


def test_an_export_of_nothing_is_one_file_without_rows() -> None:
    stage = furnished()
    far = days(TODAY + timedelta(days=900), TODAY + timedelta(days=901))
    ask(stage, form="csv", of=far)
    work_off(stage)
    (file,) = files(stage)
    assert file.decode().startswith("entry_id,customer_id,kind,")
    assert file.count(b"\r\n") == 1


@pytest.mark.parametrize("seconds_left", [100.0, 10.0], ids=["in one go", "piece by piece"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_killed_at_any_store_call_leaves_the_same_files(small: None, seconds_left: float, after: bool) -> None:
    assert calls_that_may_crash(furnished, ask, files, seconds_left, after=after) > 20


def test_messages_that_come_twice_and_in_any_order_leave_the_same_files(small: None) -> None:
    whole = furnished()
    expected = [json.dumps(row) for row in exported(whole)]
    stage = furnished()
    ask(stage)
    work_off_doubled(stage)
    assert [json.dumps(row) for row in rows(stage)] == expected


def test_a_customer_that_cant_be_read_is_told_and_stops_no_other() -> None:
    stage = furnished()
    item = next(item for item in stage.store.items("ledger") if item["pk"]["S"] == "poor")
    stage.store.put_item(TableName="ledger", Item={name: value for name, value in item.items() if name != "currency"})
    ask(stage)
    work_off(stage)
    found = exports.read_export(stage.db, "export")
    assert (found.work.state, [one.customer_id for one in found.work.failures]) == ("finished_with_failures", ["poor"])
    (file,) = (stage.s3.objects[one.key] for one in found.files)
    shown = [json.loads(line) for line in file.splitlines()]
    assert [row for row in shown if row["customer_id"] == "rich"] == [
        json.loads(json.dumps(ledger_row(entry))) for entry in ledger.entries_of(stage.db, "rich")
    ]


def test_large_files_are_written_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """And given up when their writer dies."""
    monkeypatch.setattr("tests.world.s3.PART_BYTES_MIN", 500)
    monkeypatch.setattr("chalicelib.storage.objects.PART_BYTES", 600)
    stage = furnished()
    assert exported(stage) == list(ledgers(stage))
    assert stage.s3.requests["upload_part"] > 3
    assert stage.s3.uploads == {}


def _listed(stage: Stage) -> dict[str, list[Row]]:
    """What the lists answer, as their CSV has it."""
    accounts = sorted((group.account for n in range(2) for group in customers_of(stage.db, n, 2, None)), key=lambda one: one.customer_id)
    found, _ = find_packages(stage.db, PackagesAsked(), None, 200)
    assigned = [one for account in accounts for one in assignments.list_assignments(stage.db, TODAY, account.customer_id, None, 200)[0]]
    return {
        "customers": _read(to_csv(columns(answers.Customer), (dict(customer_view(one)) for one in accounts))),
        "packages": _read(packages_csv({"items": [dict(package_view(in_force(one, TODAY))) for one in found]})),
        "assignments": _read(assignments_csv({"items": [dict(assignment_view(one)) for one in assigned]})),
    }


def _read(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("what", ["customers", "packages", "assignments"])
@pytest.mark.parametrize("seconds_left", [100.0, 10.0])
def test_what_there_is_is_exported_as_lists_have_it(small: None, what: ExportWhat, seconds_left: float) -> None:
    """In one order, in files that continue each other."""
    stage = furnished()
    for n in range(7):
        stage.customer(f"c{n}", limit="3")
        stage.assign(f"c{n}-minutes", f"c{n}", "minutes", free_minutes=5)
    ask(stage, what=what, form="csv")
    work_off(stage, seconds_left)
    written = files(stage)
    found = [row for file in written for row in _read(file.decode())]
    assert found == _listed(stage)[what]
    assert [len(_read(file.decode())) for file in written][:-1] == [4] * (len(written) - 1)
    assert len(found) >= 4
    asked = exports.read_export(stage.db, "export")
    assert asked.files[0].name == f"{what}-{TODAY}-1.csv"
