"""Live runs in `runs`: the record, and what each piece of the run brought. Plans and lines: `plans` and `lines`."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any, Final

from ..domain.record import Result, ReversalState, RunRecord, Undone, state_of
from ..domain.report import Summary, Totals
from . import keys
from .codec import Codec, date_attribute, integer_attribute, plain_attribute
from .db import Action, Db, Item, put, put_new, update
from .errors import Cancelled, ConditionFailed
from .keys import RUNS, Key
from .packing import pack_result, pack_summary, unpack_result, unpack_summary

_SUMMARY: Final = "SUMMARY"
_WHOLE_SEGMENT: Final = "~"
"""In place of a piece's number, behind all of them."""
_LAST_PIECE: Final = 999_999

RUN_CODEC = Codec(
    RunRecord,
    {
        "run_id": plain_attribute("run_id"),
        "kind": plain_attribute("kind"),
        "date": date_attribute("day"),
        "created_at": plain_attribute("created"),
        "created_by": plain_attribute("creator"),
        "customer_id": plain_attribute("customer", None),
        "if_charged": plain_attribute("if_charged", None),
        "segments": integer_attribute("segments", 1),
        "state": plain_attribute("run_state", "running"),
        "finished_at": plain_attribute("finished", None),
        "reversed_on": date_attribute("reversed_on", None),
        "reversed_at": plain_attribute("reversed", None),
        "reversed_by": plain_attribute("reverser", None),
        "reversal": plain_attribute("reversal", None),
        "reversals": integer_attribute("reversals", 0),
        "reversals_cancelled": integer_attribute("reversals_cancelled", 0),
        "reversals_failed": integer_attribute("reversals_failed", 0),
        "include_written_off": plain_attribute("written_off", False),
        "expect": plain_attribute("expect", None),
        "reopened": integer_attribute("reopened", 0),
    },
    elsewhere=("done", "result"),
)


def run_from_item(item: Item) -> RunRecord:
    """The record that a run's item of `runs` holds."""
    done = frozenset(int(segment) for segment in item.get("done", ()))
    return RUN_CODEC.entity(item, done=done, result=unpack_result(item["result"]) if "result" in item else None)


def find_run(db: Db, run_id: str) -> RunRecord | None:
    """The run."""
    item = db.get(RUNS, keys.run_key(run_id))
    return run_from_item(item) if item else None


def record_run(db: Db, run: RunRecord, *beside: Action) -> RunRecord:
    """Record a run before it does anything, with its history, and its plan if that is made by then; the record that stands, ours or an
    earlier one's of that id."""
    listed = place_in_list(run) | {"run_id": run.run_id}
    try:
        db.transact([put_new(RUNS, keys.run_key(run.run_id) | RUN_CODEC.item(run)), put_new(RUNS, listed), *beside])
    except Cancelled:
        standing = find_run(db, run.run_id)
        if standing is None:
            raise
        return standing
    return run


def page_of_runs(db: Db, after: Key | None, limit: int) -> tuple[list[RunRecord], Key | None]:
    """Up to `limit` runs, newest first, and where to go on."""
    page = db.query(RUNS, "#pk = :pk", {"pk": keys.RUNS_PK}, after=after, limit=limit, newest_first=True)
    found = db.get_many(RUNS, [keys.run_key(item["run_id"]) for item in page.items])
    return [run_from_item(found[tuple(keys.run_key(item["run_id"]).values())]) for item in page.items], page.last  # type: ignore[index]


def place_in_list(run: RunRecord) -> Key:
    """Where the run stands in the list of runs."""
    return keys.run_list_key(run.created_at, run.run_id)


def finish_segment(db: Db, run_id: str, segment: int) -> RunRecord:
    """Note that a piece of the run is through. A set of numbers, so that noting it twice changes nothing."""
    return run_from_item(
        db.write(update(RUNS, keys.run_key(run_id), "ADD #done :segment", condition="attribute_exists(#pk)", values={"segment": {segment}}))
    )


def finish_run(db: Db, run: RunRecord, result: Result, at: str, beside: Action) -> RunRecord:
    """Note that the run is through and what it brought, with its history; the record as it is then. What comes too late for that is noted
    alone."""
    change = "SET #run_state = :state, #result = :result, #finished = if_not_exists(#finished, :at)"
    values = {"state": state_of(result), "result": pack_result(result), "at": at}
    key, once = keys.run_key(run.run_id), "attribute_exists(#pk) AND attribute_not_exists(#run_state)"
    try:
        db.transact([update(RUNS, key, change, condition=once, values=values), beside])
    except Cancelled as cancelled:
        if not cancelled.failed(0):
            raise
        return run_from_item(db.write(update(RUNS, key, change, condition="attribute_exists(#pk)", values=values)))
    return run._replace(state=state_of(result), result=result, finished_at=at)


def reopen_run(db: Db, run_id: str) -> None:
    """Have a run that finished with failures run again, unless it is reversed meanwhile."""
    condition = "#run_state = :failed AND attribute_not_exists(#reversed_on)"
    change = "REMOVE #run_state, #result, #finished, #done ADD #reopened :one"
    _write_if(db, run_id, change, condition, {"failed": "finished_with_failures", "one": 1})


def begin_reversal(db: Db, run_id: str, day_: date, at: str, by: str, beside: Sequence[Action] = ()) -> RunRecord:
    """Fix the day of the run's reversal, once, unless it runs, with what is written beside it; the record as it stands. One that failed
    in part is under way again. Raises `Contention`."""
    values = {"day": day_.isoformat(), "at": at, "by": by}
    once = "attribute_exists(#run_state) AND attribute_not_exists(#reversed_on)"
    change = "SET #reversed_on = :day, #reversed = :at, #reverser = :by"
    try:
        db.transact([update(RUNS, keys.run_key(run_id), change, condition=once, values=values), *beside])
    except Cancelled as cancelled:
        if not cancelled.failed(0):
            raise
    unfinished = "attribute_exists(#reversed_on) AND (attribute_not_exists(#reversal) OR #reversal = :failed)"
    states = {"reversing": "reversing", "failed": "reversed_with_failures"}
    _write_if(db, run_id, "SET #reversal = :reversing", unfinished, states)
    found = find_run(db, run_id)
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
        db.write(update(RUNS, keys.run_key(run_id), change, condition=condition, values=values))


def save_result(db: Db, run_id: str, segment: int, piece: int, result: Result) -> None:
    """Keep what a piece of a segment brought. The same piece again overwrites it."""
    part = _result_part(segment, piece)
    db.write(put(RUNS, keys.run_part_key(run_id, part) | {"result": pack_result(result)}))


def clear_results_after(db: Db, run_id: str, segment: int, piece: int) -> None:
    """Forget what pieces after the last one brought when the segment was worked off before, in more pieces."""
    values = {"pk": keys.run_key(run_id)["pk"], "next": _result_part(segment, piece + 1), "last": _result_part(segment, _LAST_PIECE)}
    for item in db.query_all(RUNS, "#pk = :pk AND #sk BETWEEN :next AND :last", values):
        db.write(put(RUNS, keys.run_part_key(run_id, item["sk"]) | {"result": pack_result(Result({}))}))


def _result_part(segment: int, piece: int) -> str:
    return f"RESULT#{segment:04}#{piece:06}"


def save_totals(db: Db, run_id: str, segment: int, totals: dict[str, Totals]) -> None:
    """Keep the totals of a whole segment, which then stand in place of those of its pieces."""
    part = f"RESULT#{segment:04}#{_WHOLE_SEGMENT}"
    db.write(put(RUNS, keys.run_part_key(run_id, part) | {"result": pack_result(Result(totals))}))


def results(db: Db, run_id: str) -> list[Result]:
    """What the pieces of the run brought so far; their failures only where the totals of their segment are kept."""
    pieces: list[tuple[str, Result]] = []
    whole: dict[str, Result] = {}
    for item in db.query_all(RUNS, "#pk = :pk AND begins_with(#sk, :prefix)", {"pk": keys.run_key(run_id)["pk"], "prefix": "RESULT#"}):
        _, segment, piece = item["sk"].split("#")
        result = unpack_result(item["result"])
        if piece == _WHOLE_SEGMENT:
            whole[segment] = result
        else:
            pieces.append((segment, result))
    return [result._replace(totals={}) if segment in whole else result for segment, result in pieces] + list(whole.values())


def save_summary(db: Db, run_id: str, summary: Summary) -> None:
    """Keep what a run of all customers came to."""
    db.write(put(RUNS, keys.run_part_key(run_id, _SUMMARY) | {"summary": pack_summary(summary)}))


def find_summary(db: Db, run_id: str) -> Summary | None:
    """What a run of all customers came to."""
    item = db.get(RUNS, keys.run_part_key(run_id, _SUMMARY))
    return unpack_summary(item["summary"]) if item else None
