"""What reading a run asks of the store does not grow with the run; what former releases stored is still read."""

import json
import zlib
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any

import pytest

from chalicelib.domain.charging import Identity, Line
from chalicelib.domain.errors import Malformed
from chalicelib.domain.ledger import charge_key
from chalicelib.domain.record import Plan, Result, RunRecord, Step
from chalicelib.domain.report import NotDue, Totals
from chalicelib.storage import idempotency, keys, lines, plans, runs
from chalicelib.storage.db import put
from chalicelib.storage.idempotency import ClaimRecord
from chalicelib.storage.lines import Position
from chalicelib.storage.packing import PART_BYTES_MAX
from chalicelib.usecases.runs import recording, reports
from chalicelib.usecases.runs.requests import recorded_run
from chalicelib.wire.views import recorded_run_view
from tests.harness import finish_a_run

from .dynamodb import PAGE_BYTES
from .stage import Stage

DAY = date(2031, 1, 14)
AT = "2031-01-14T03:00:00+00:00"
SIZES = (10, 1_000, 20_000)
DAILY = RunRecord("daily:2031-01-14", "daily", DAY, AT, "me", segments=2)
ALL = RunRecord("all", "package", DAY, AT, "me", None, "skip", 2)


def step(customer: str, n: int, name: str = "Number") -> Step:
    line = Line(
        customer, f"{customer}-{n:06}", "p1", name, None, "recurring", DAY, "USD", 1, Decimal(1), Decimal(2), Decimal(1), Decimal(2),
        False, "daily", (), DAY,
    )  # fmt: skip
    return Step(line, "charge", charge_key(Identity(DAY, 1, line.assignment_id)), "posted")


def a_stage() -> Stage:
    return Stage(page_bytes=PAGE_BYTES)


@lru_cache(maxsize=len(SIZES))
def daily(size: int) -> Stage:
    """A finished daily run of so many lines; its second worker kept them as it went, round by round."""
    stage = a_stage()
    runs.record_run(stage.db, DAILY)
    steps = [step("c", n) for n in range(size)]
    half, number = size // 2, 0
    lines.save_lines(stage.db, DAILY.run_id, 0, "a", 0, steps[:half])
    for start in range(half, size, 300):
        number = lines.save_lines(stage.db, DAILY.run_id, 1, "b", number, steps[start : start + 300])
    for segment in (0, 1):
        runs.save_result(stage.db, DAILY.run_id, segment, 0, Result({"USD": Totals(lines=half)}))
        recording.sum_up(stage.db, DAILY.run_id, segment)
    return stage


@lru_cache(maxsize=len(SIZES))
def of_all(size: int) -> Stage:
    """A finished run of so many customers with a line each."""
    stage = a_stage()
    runs.record_run(stage.db, ALL)
    for n in range(size):
        plan = plans.save_plan(stage.db, ALL.run_id, Plan(f"c{n:05}", "USD", Decimal(0), AT, (step(f"c{n:05}", 0),)))
        plans.finish_plan(stage.db, ALL.run_id, plan)
    runs.save_result(stage.db, ALL.run_id, 0, 0, Result({"USD": Totals(lines=size)}))
    return stage


def finished(stage: Stage) -> Stage:
    finish_a_run(stage.db, ALL.run_id, reports.final_result(stage.db, ALL), AT)
    return stage


def requests(stage: Stage, work: Callable[[], Any]) -> int:
    stage.store.meter.requests.clear()
    work()
    return stage.store.meter.requests.total()


def position_before_the_end(stage: Stage, run: RunRecord) -> Position | None:
    """Where the last page but one ends: what pages ask for must not grow towards the end either."""
    before, after = None, None
    while True:
        before, (_, after) = after, lines.find_lines(stage.db, run, after, 200)
        if after is None:
            return before


@pytest.mark.parametrize(("made", "run"), [(daily, DAILY), (of_all, ALL)], ids=["daily", "all"])
def test_b12_a_page_of_lines_costs_the_same_in_every_run(made: Callable[[int], Stage], run: RunRecord) -> None:
    asked = []
    for size in SIZES:
        stage = made(size)
        last = position_before_the_end(stage, run)
        pages = [requests(stage, partial(lines.find_lines, stage.db, run, at, 50)) for at in (None, last)]
        asked.append(max(pages))
    assert max(asked) <= 8, asked
    assert asked[2] <= asked[1], asked


@pytest.mark.parametrize(("made", "run"), [(daily, DAILY), (of_all, ALL)], ids=["daily", "all"])
@pytest.mark.parametrize("limit", [1, 7, 50, 200, 1000])
def test_b12_pages_hold_each_line_once_and_in_order(made: Callable[[int], Stage], run: RunRecord, limit: int) -> None:
    stage, found, after = made(1_000), [], None
    while True:
        some, after = lines.find_lines(stage.db, run, after, limit)
        found += [(one.line.customer_id, one.line.assignment_id) for one in some]
        assert len(some) == limit or after is None
        if after is None:
            break
    assert len(found) == 1_000
    assert found == sorted(set(found))


@pytest.mark.parametrize("over", [False, True], ids=["running", "finished"])
def test_b12_reading_a_run_of_all_costs_the_same_for_every_number_of_customers(over: bool) -> None:
    asked = []
    for size in SIZES:
        stage = finished(of_all(size)) if over else of_all(size)
        run = runs.find_run(stage.db, ALL.run_id)
        assert run is not None
        told: dict[str, Any] = {**recorded_run_view(recorded_run(stage.db, run))}
        assert told["lines_posted"] == size
        assert not over or (told["by_customer_left_out"], told["by_package"][0]["lines"]) == (max(0, size - 200), size)
        asked.append(requests(stage, partial(recorded_run, stage.db, run)))
        of_all.cache_clear()
    assert asked == [1, 1, 1]


def test_b12_the_list_of_runs_reads_no_plan() -> None:
    stage = of_all(1_000)
    run = runs.find_run(stage.db, ALL.run_id)
    assert run is not None
    assert requests(stage, lambda: reports.so_far(stage.db, run)) == 1


@pytest.mark.parametrize("position", [("RUN", 0, 0), ("LINES#9", 0, 0), ("PLAN#zz~~", 0, 0), ("x", -1, -1)])
def test_b12_a_position_that_no_page_gave_is_refused(position: tuple[str, int, int]) -> None:
    with pytest.raises(Malformed):
        lines.find_lines(daily(10).db, DAILY, Position(*position), 5)


def test_b12_what_two_deliveries_kept_is_listed_and_counted_once() -> None:
    stage = a_stage()
    runs.record_run(stage.db, DAILY)
    steps = [step("c", n) for n in range(6)]
    held = steps[0]._replace(status="held")
    lines.save_lines(stage.db, DAILY.run_id, 0, "a", 0, [held, *steps[1:4]])
    lines.save_lines(stage.db, DAILY.run_id, 0, "b", 0, steps)
    for _ in range(2):
        recording.sum_up(stage.db, DAILY.run_id, 0)
        assert reports.so_far(stage.db, DAILY).totals["USD"].lines == 6
        found, _ = lines.find_lines(stage.db, DAILY, None, 50)
        assert sorted(found) == sorted(steps)


def escaped(value: Any) -> bytes:
    """As former releases packed: with escapes, a thousand lines a part."""
    return zlib.compress(json.dumps(value, default=str, separators=(",", ":")).encode(), 6)


def former(steps: Iterable[Step]) -> bytes:
    return escaped([[list(one.line), *one[1:4]] for one in steps])


def test_d1_plans_and_lines_of_former_releases_are_read() -> None:
    stage = a_stage()
    steps = tuple(step("c", n, "Числа 数字 𠀀") for n in range(1_500))
    reason = NotDue("a", "数字", "not due", Decimal("1.5"), Decimal(0))
    head = keys.run_part_key("all", "PLAN#c") | {
        "steps": former(steps[:1000]), "attempt": "01M", "chunks": 2, "currency": "USD", "balance": Decimal(1), "generated": AT,
        "not_due": escaped([list(reason)]), "left_out": 3, "done": True,
    }  # fmt: skip
    stage.db.write(put(keys.RUNS, keys.run_part_key("all", "MORE#c#01M#000001") | {"steps": former(steps[1000:])}))
    stage.db.write(put(keys.RUNS, head))
    assert plans.find_plan(stage.db, "all", "c") == Plan("c", "USD", Decimal(1), AT, steps, (reason,), 3, done=True)
    first, after = lines.find_lines(stage.db, ALL, None, 1_200)
    assert (tuple(first), lines.find_lines(stage.db, ALL, after, 500)) == (steps[:1200], (list(steps[1200:]), None))
    stage.db.write(put(keys.RUNS, keys.run_part_key(DAILY.run_id, "LINES#0000#01M#000000") | {"steps": former(steps[:1000])}))
    assert lines.find_lines(stage.db, DAILY, None, 2_000) == (list(steps[:1000]), None)


def test_d1_an_answer_too_long_for_an_item_is_kept_in_parts() -> None:
    stage = a_stage()
    record = ClaimRecord("print", "body", AT, AT, bytes(range(256)) * (PART_BYTES_MAX // 100))
    idempotency.write_claim(stage.db, record._replace(answer=None), None)
    idempotency.keep_answer(stage.db, record)
    assert idempotency.find_record(stage.db, "print") == record
    short = record._replace(fingerprint="other", answer=b"short")
    idempotency.keep_answer(stage.db, short)
    assert idempotency.find_record(stage.db, "other") == short
