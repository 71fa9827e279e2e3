"""Live runs in `runs`: the record, the plan that was decided before anything was posted, and what came of it.

The plan of a customer is one item, `PLAN#customer`, written once; lines beyond the first thousand stand in
`MORE#customer#attempt#n`, written before it, so that whichever planner writes `PLAN#` first has decided for all.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from ..domain.record import Plan, Result, RunRecord, Step, each_once
from ..domain.run import HeldBefore, NotDue
from . import keys
from .codec import Codec, day, plain, whole
from .db import Db, Item, create, put, update
from .errors import Cancelled, ConditionFailed
from .keys import RUNS, Key
from .packing import LINES_PER_ITEM, pack_not_due, pack_result, pack_steps, unpack_not_due, unpack_result, unpack_steps

_CODEC = Codec(
    RunRecord,
    {
        "run_id": plain("run_id"),
        "kind": plain("kind"),
        "date": day("day"),
        "created_at": plain("created"),
        "created_by": plain("creator"),
        "customer_id": plain("customer"),
        "if_charged": plain("if_charged"),
        "segments": whole("segments"),
        "state": plain("run_state"),
        "finished_at": plain("finished"),
        "reversed_on": day("reversed_on"),
        "reversed_at": plain("reversed"),
        "reversed_by": plain("reverser"),
        "include_written_off": plain("written_off"),
    },
)


def _record(item: Item) -> RunRecord:
    record = _CODEC.entity(item)
    done = frozenset(int(segment) for segment in item.get("done", ()))
    return record._replace(done=done, result=unpack_result(item["result"]) if "result" in item else None)


def find(db: Db, run_id: str) -> RunRecord | None:
    """The run."""
    item = db.get(RUNS, keys.run(run_id))
    return _record(item) if item else None


def record(db: Db, run: RunRecord) -> RunRecord:
    """Record a run before it does anything; the record that stands, ours or an earlier one's of that id."""
    listed = keys.run_listed(run.created_at, run.run_id) | {"run_id": run.run_id}
    try:
        db.transact([create(RUNS, keys.run(run.run_id) | _CODEC.item(run)), create(RUNS, listed)])
    except Cancelled:
        standing = find(db, run.run_id)
        if standing is None:
            raise
        return standing
    return run


def listed(db: Db, after: Key | None, limit: int) -> tuple[list[RunRecord], Key | None]:
    """Up to `limit` runs, newest first, and where to go on."""
    page = db.query(RUNS, "#pk = :pk", {"pk": keys.RUNS_PK}, after=after, limit=limit, newest_first=True)
    found = db.get_many(RUNS, [keys.run(item["run_id"]) for item in page.items])
    return [_record(found[tuple(keys.run(item["run_id"]).values())]) for item in page.items], page.last  # type: ignore[index]


def finish_segment(db: Db, run_id: str, segment: int) -> RunRecord:
    """Note that a piece of the run is through. A set of numbers, so that noting it twice changes nothing."""
    return _record(
        db.write(update(RUNS, keys.run(run_id), "ADD #done :segment", condition="attribute_exists(#pk)", values={"segment": {segment}}))
    )


def finish(db: Db, run_id: str, result: Result, at: str) -> None:
    """Note that the run is through and what it brought."""
    db.write(
        update(
            RUNS,
            keys.run(run_id),
            "SET #run_state = :state, #result = :result, #finished = if_not_exists(#finished, :at)",
            condition="attribute_exists(#pk)",
            values={
                "state": "finished_with_failures" if result.failed else "finished",
                "result": pack_result(result),
                "at": at,
            },
        )
    )


def begin_reversal(db: Db, run_id: str, day_: date, at: str, by: str) -> RunRecord:
    """Fix the day of the run's reversal, once; the record as it stands."""
    with suppress(ConditionFailed):
        change = "SET #reversed_on = :day, #reversed = :at, #reverser = :by"
        values = {"day": day_.isoformat(), "at": at, "by": by}
        db.write(update(RUNS, keys.run(run_id), change, condition="attribute_not_exists(#reversed_on)", values=values))
    found = find(db, run_id)
    if found is None:
        raise LookupError(run_id)
    return found


def save_lines(db: Db, run_id: str, segment: int, attempt: str, number: int, steps: Sequence[Step]) -> int:
    """Keep lines that one attempt at a segment has brought, from its item `number` on; the number of the next item.

    Another attempt's lines are left alone: it may have brought what this one finds done.
    """
    for start in range(0, len(steps), LINES_PER_ITEM):
        part = f"LINES#{segment:04}#{attempt}#{number:06}"
        db.write(put(RUNS, keys.run_part(run_id, part) | {"steps": pack_steps(steps[start : start + LINES_PER_ITEM])}))
        number += 1
    return number


def save_result(db: Db, run_id: str, segment: int, piece: int, result: Result) -> None:
    """Keep what a piece of a segment brought. The same piece again overwrites it."""
    part = f"RESULT#{segment:04}#{piece:06}"
    db.write(put(RUNS, keys.run_part(run_id, part) | {"result": pack_result(result)}))


def results(db: Db, run_id: str) -> list[Result]:
    """What all pieces of the run brought so far."""
    return [unpack_result(item["result"]) for item in _parts(db, run_id, "RESULT#")]


def save_plan(db: Db, run_id: str, plan: Plan, attempt: str) -> Plan:
    """Keep the plan unless the customer has one in this run already; the plan that stands."""
    chunks = _chunks(plan.steps)
    for number, chunk in enumerate(chunks[1:], 1):
        db.write(put(RUNS, keys.run_part(run_id, _more(plan.customer_id, attempt, number)) | {"steps": pack_steps(chunk)}))
    head: Item = keys.run_part(run_id, f"PLAN#{plan.customer_id}") | {
        "steps": pack_steps(chunks[0]), "attempt": attempt, "chunks": len(chunks), "currency": plan.currency,
        "balance": plan.balance, "generated": plan.generated_at, "not_due": pack_not_due(plan.not_due),
        "left_out": plan.not_due_left_out, "held_before": list(plan.held_before),
    }  # fmt: skip
    try:
        db.write(create(RUNS, head))
    except ConditionFailed:
        return find_plan(db, run_id, plan.customer_id) or plan
    return plan


def find_plan(db: Db, run_id: str, customer_id: str) -> Plan | None:
    """The customer's plan in this run."""
    item = db.get(RUNS, keys.run_part(run_id, f"PLAN#{customer_id}"))
    return _plan(db, item) if item else None


def finish_plan(db: Db, run_id: str, plan: Plan) -> None:
    """Keep the statuses of a plan that was carried out."""
    key = keys.run_part(run_id, f"PLAN#{plan.customer_id}")
    item = db.get(RUNS, key) or {"attempt": ""}
    chunks = _chunks(plan.steps)
    for number, chunk in enumerate(chunks[1:], 1):
        part = keys.run_part(run_id, _more(plan.customer_id, item["attempt"], number))
        db.write(put(RUNS, part | {"steps": pack_steps(chunk)}))
    values = {"steps": pack_steps(chunks[0]), "yes": True}
    db.write(update(RUNS, key, "SET #steps = :steps, #done = :yes", condition="attribute_exists(#pk)", values=values))


def plans(db: Db, run_id: str, after: str = "") -> Any:
    """The run's plans in the order of customer ids, those after customer `after` only."""
    condition = "#pk = :pk AND #sk BETWEEN :since AND :until"
    values = {"pk": keys.run(run_id)["pk"], "since": f"PLAN#{after}", "until": "PLAN#~"}
    for item in db.query_all(RUNS, condition, values):
        yield _plan(db, item)


def steps(db: Db, run_id: str) -> Iterator[Step]:
    """All lines of a daily run, with their statuses, each once: a customer is in one segment."""
    for _, parts in groupby(_parts(db, run_id, "LINES#"), key=lambda item: item["sk"].split("#")[1]):
        yield from each_once(step for item in parts for step in unpack_steps(item["steps"]))


def done_steps(db: Db, run_id: str) -> Iterator[Step]:
    """The lines of the plans that are carried out, with their statuses."""
    return (step for plan in plans(db, run_id) if plan.done for step in plan.steps)


def _parts(db: Db, run_id: str, prefix: str) -> Any:
    return db.query_all(RUNS, "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": keys.run(run_id)["pk"], "prefix": prefix})


def _chunks(steps: tuple[Step, ...]) -> list[tuple[Step, ...]]:
    return [steps[n : n + LINES_PER_ITEM] for n in range(0, len(steps), LINES_PER_ITEM)] or [()]


def _more(customer_id: str, attempt: str, number: int) -> str:
    return f"MORE#{customer_id}#{attempt}#{number:06}"


def _plan(db: Db, item: Item) -> Plan:
    customer_id = item["sk"].removeprefix("PLAN#")
    found = unpack_steps(item["steps"])
    more = [keys.run_part(item["pk"].removeprefix("RUN#"), _more(customer_id, item["attempt"], n)) for n in range(1, int(item["chunks"]))]
    parts = db.get_many(RUNS, more) if more else {}
    for key in sorted(parts):
        found += unpack_steps(parts[key]["steps"])
    not_due: tuple[NotDue, ...] = unpack_not_due(item["not_due"])
    return Plan(
        customer_id, item["currency"], item["balance"], item["generated"], tuple(found), not_due, int(item["left_out"]), "done" in item,
        _held_before(*item.get("held_before", ())),
    )  # fmt: skip


def _held_before(charges: Decimal | int = 0, *amounts: Decimal) -> HeldBefore:
    """Plans of before it was told have none."""
    return HeldBefore(int(charges), *amounts)
