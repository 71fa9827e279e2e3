"""Live runs in `runs`: the record, and what each piece of the run brought. Plans and lines: `plans` and `lines`."""

from contextlib import suppress
from datetime import date
from typing import Any, Final

from ..domain.record import Result, ReversalState, RunRecord, Undone
from ..domain.run import Summary, Totals
from . import keys
from .codec import Codec, day, plain, whole
from .db import Db, Item, create, put, update
from .errors import Cancelled, ConditionFailed
from .keys import RUNS, Key
from .packing import pack_result, pack_summary, unpack_result, unpack_summary

_SUMMARY: Final = "SUMMARY"
_WHOLE: Final = "~"
"""In place of a piece's number, behind all of them."""

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
        "reversal": plain("reversal"),
        "reversals": whole("reversals"),
        "reversals_cancelled": whole("reversals_cancelled"),
        "reversals_failed": whole("reversals_failed"),
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
    """Fix the day of the run's reversal, once; the record as it stands. One that failed in part is under way again."""
    values = {"day": day_.isoformat(), "at": at, "by": by}
    _write_if(db, run_id, "SET #reversed_on = :day, #reversed = :at, #reverser = :by", "attribute_not_exists(#reversed_on)", values)
    unfinished = "attribute_not_exists(#reversal) OR #reversal = :failed"
    states = {"reversing": "reversing", "failed": "reversed_with_failures"}
    _write_if(db, run_id, "SET #reversal = :reversing", unfinished, states)
    found = find(db, run_id)
    if found is None:
        raise LookupError(run_id)
    return found


def note_reversal(db: Db, run_id: str, undone: Undone, state: ReversalState) -> None:
    """Note how far the reversal is. It goes forward only: a message that comes twice may be behind another."""
    forward, values = "attribute_not_exists(#reversals) OR #reversals <= :posted", {"state": state, **undone._asdict()}
    if state != "reversed":
        forward, values = f"#reversal = :reversing AND ({forward})", values | {"reversing": "reversing"}
    change = "SET #reversal = :state, #reversals = :posted, #reversals_cancelled = :cancelled, #reversals_failed = :failed"
    _write_if(db, run_id, change, forward, values)


def _write_if(db: Db, run_id: str, change: str, condition: str, values: dict[str, Any]) -> None:
    with suppress(ConditionFailed):
        db.write(update(RUNS, keys.run(run_id), change, condition=condition, values=values))


def save_result(db: Db, run_id: str, segment: int, piece: int, result: Result) -> None:
    """Keep what a piece of a segment brought. The same piece again overwrites it."""
    part = f"RESULT#{segment:04}#{piece:06}"
    db.write(put(RUNS, keys.run_part(run_id, part) | {"result": pack_result(result)}))


def save_totals(db: Db, run_id: str, segment: int, totals: dict[str, Totals]) -> None:
    """Keep the totals of a whole segment, which then stand in place of those of its pieces."""
    part = f"RESULT#{segment:04}#{_WHOLE}"
    db.write(put(RUNS, keys.run_part(run_id, part) | {"result": pack_result(Result(totals))}))


def results(db: Db, run_id: str) -> list[Result]:
    """What the pieces of the run brought so far; their failures only where the totals of their segment are kept."""
    pieces: list[tuple[str, Result]] = []
    whole: dict[str, Result] = {}
    for item in db.query_all(RUNS, "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": keys.run(run_id)["pk"], "prefix": "RESULT#"}):
        _, segment, piece = item["sk"].split("#")
        result = unpack_result(item["result"])
        if piece == _WHOLE:
            whole[segment] = result
        else:
            pieces.append((segment, result))
    return [result._replace(totals={}) if segment in whole else result for segment, result in pieces] + list(whole.values())


def save_summary(db: Db, run_id: str, summary: Summary) -> None:
    """Keep what a run of all customers came to."""
    db.write(put(RUNS, keys.run_part(run_id, _SUMMARY) | {"summary": pack_summary(summary)}))


def find_summary(db: Db, run_id: str) -> Summary | None:
    """What a run of all customers came to."""
    item = db.get(RUNS, keys.run_part(run_id, _SUMMARY))
    return unpack_summary(item["summary"]) if item else None
