"""Long work in `runs`: the record, whose turn it is, what each piece kept, and the files of the result.

What a piece kept, and each file, is written once: another delivery of the message goes by what stands.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from ..domain.work import ResultFile, Turns, WorkFailure, WorkRecord, WorkState
from . import keys
from .codec import Codec, counts_attribute, integer_attribute, plain_attribute, records_attribute, texts_attribute
from .db import Action, Db, Item, put, put_new, update
from .errors import ConditionFailed
from .keys import EXPIRES, RUNS, Key

RESULT_DAYS: Final = timedelta(days=30)
"""How long results are kept: the bucket's lifecycle, and what `runs` knows of their pieces."""
_PIECES: Final = "PIECE#"
_COUNTED: Final = "COUNTED#"
"""What the piece of a segment that is under way has counted."""
FILES: Final = "FILE#"
"""The files of a result."""
SORTED: Final = "SORTED#"
"""Records that were merged once, and sorted by other keys to be merged again."""


class Chunk(NamedTuple):
    """An object with sorted records, and its size in bytes."""

    key: str
    size: int


class PieceResult(NamedTuple):
    """What one message of a segment kept. `cursor` is where the next one goes on; None at the end of the segment. `counts` are records
    by what they count as."""

    chunks: tuple[Chunk, ...]
    cursor: Key | None = None
    failures: tuple[WorkFailure, ...] = ()
    failed: int = 0
    counts: Mapping[str, int] = {}


class FileResult(NamedTuple):
    """A file, and where in each chunk the next one goes on; `is_last` when nothing is left."""

    file: ResultFile
    offsets: tuple[int, ...]
    is_last: bool


_FAILURE_ATTRIBUTES: Final = {
    "customer_id": plain_attribute("customer"),
    "code": plain_attribute("code"),
    "detail": plain_attribute("detail"),
}
_WORK_CODEC = Codec(
    WorkRecord,
    {
        "work_id": plain_attribute("work_id"),
        "kind": plain_attribute("kind"),
        "asked": plain_attribute("asked"),
        "created_at": plain_attribute("created"),
        "created_by": plain_attribute("creator"),
        "segments": integer_attribute("segments"),
        "started_at": plain_attribute("started", None),
        "state": plain_attribute("work_state", "running"),
        "finished_at": plain_attribute("finished", None),
        "rows": integer_attribute("rows", 0),
        "failures": records_attribute("failures", WorkFailure, _FAILURE_ATTRIBUTES),
        "failed": integer_attribute("failed", 0),
    },
    elsewhere=("done",),
)
_TURNS_CODEC = Codec(
    Turns,
    {
        "running": texts_attribute("running", ()),
        "waiting": texts_attribute("waiting", ()),
        "unseen": texts_attribute("unseen", ()),
        "version": integer_attribute("version"),
    },
)
_PIECE_CODEC = Codec(
    PieceResult,
    {
        "chunks": records_attribute("chunks", Chunk, {"key": plain_attribute("key"), "size": integer_attribute("size")}),
        "cursor": plain_attribute("cursor", None),
        "failures": records_attribute("failures", WorkFailure, _FAILURE_ATTRIBUTES),
        "failed": integer_attribute("failed", 0),
        "counts": counts_attribute("counts"),
    },
)
_FILE_CODEC = Codec(
    ResultFile,
    {
        "name": plain_attribute("name"),
        "key": plain_attribute("object"),
        "rows": integer_attribute("rows"),
        "size": integer_attribute("size"),
        "sha256": plain_attribute("sha256"),
    },
)


def _work_from_item(item: Item) -> WorkRecord:
    return _WORK_CODEC.entity(item, done=frozenset(int(segment) for segment in item.get("done", ())))


def find_work(db: Db, work_id: str) -> WorkRecord | None:
    """The record of a work."""
    item = db.get(RUNS, keys.work_key(work_id))
    return _work_from_item(item) if item else None


def find_works(db: Db, work_ids: Iterable[str]) -> list[WorkRecord]:
    """Those of some works that there are."""
    return list(map(_work_from_item, db.get_many(RUNS, [keys.work_key(one) for one in work_ids]).values()))


def list_works(db: Db, after: Key | None, limit: int) -> tuple[list[WorkRecord], Key | None]:
    """Up to `limit` works, newest first, and where to go on."""
    page = db.query(RUNS, "#pk = :pk", {"pk": keys.WORKS_PK}, after=after, limit=limit, newest_first=True)
    places = [keys.work_key(item["work_id"]) for item in page.items]
    found = db.get_many(RUNS, places)
    return [_work_from_item(found[place["pk"], place["sk"]]) for place in places], page.last


def record_work(work: WorkRecord) -> list[Action]:
    """Record a work, and its place in the list."""
    listed = keys.work_list_key(work.created_at, work.work_id) | {"work_id": work.work_id}
    return [put_new(RUNS, keys.work_key(work.work_id) | _WORK_CODEC.item(work)), put_new(RUNS, listed)]


def find_turns(db: Db) -> Turns:
    """Whose turn it is."""
    item = db.get(RUNS, keys.turns_key())
    return _TURNS_CODEC.entity(item) if item else Turns()


def write_turns(turns: Turns) -> Action:
    """Write whose turn it is: the version follows the one that was read."""
    item = keys.turns_key() | _TURNS_CODEC.item(turns)
    if turns.version == 1:
        return put_new(RUNS, item)
    return put(RUNS, item, condition="#version = :read", values={"read": turns.version - 1})


def start_work(work_id: str, at: str) -> Action:
    """Note that the turn of a work has come."""
    return update(RUNS, keys.work_key(work_id), "SET #started = :at", condition="attribute_exists(#pk)", values={"at": at})


def end_work(work: WorkRecord, state: WorkState, at: str) -> Action:
    """Note what became of a work, once: with the rows and failures that the record says."""
    written = _WORK_CODEC.item(work._replace(state=state, finished_at=at))
    fields: Item = {name: written[name] for name in ("work_state", "finished", "rows", "failures", "failed") if name in written}
    change = "SET " + ", ".join(f"#{name} = :{name}" for name in fields)
    running = "attribute_exists(#pk) AND attribute_not_exists(#work_state)"
    return update(RUNS, keys.work_key(work.work_id), change, condition=running, values=fields)


def finish_work_segment(db: Db, work_id: str, segment: int) -> WorkRecord:
    """Note that a segment is through; the record as it is then. A set of numbers, so that noting it twice changes nothing."""
    change = update(RUNS, keys.work_key(work_id), "ADD #done :segment", condition="attribute_exists(#pk)", values={"segment": {segment}})
    return _work_from_item(db.write(change))


def keep_piece(db: Db, work: WorkRecord, segment: int, piece: int, result: PieceResult) -> PieceResult:
    """Keep what a piece brought; what stands, ours or an earlier delivery's."""
    place = keys.work_part_key(work.work_id, f"{_PIECES}{segment:04}#{piece:06}")
    return _PIECE_CODEC.entity(_keep_first(db, work, place, _PIECE_CODEC.item(result)))


def piece_results(db: Db, work_id: str, segment: int | None = None) -> list[PieceResult]:
    """What the pieces kept, of a segment or of all, by segment and piece."""
    prefix = _PIECES if segment is None else f"{_PIECES}{segment:04}#"
    return [_PIECE_CODEC.entity(item) for item in _parts(db, work_id, prefix)]


def note_counts(db: Db, work: WorkRecord, segment: int, piece: int, counts: Mapping[str, int]) -> None:
    """Note what a piece that is under way has counted so far, unless more is known of its segment. It is one item for a segment, and
    goes for nothing once the piece is kept."""
    values = {"piece": piece, "total": sum(counts.values())}
    item = {**keys.work_part_key(work.work_id, f"{_COUNTED}{segment:04}"), **values, "counts": dict(counts), EXPIRES: _expiry(work)}
    condition = "attribute_not_exists(#pk) OR #piece < :piece OR (#piece = :piece AND #total < :total)"
    with suppress(ConditionFailed):
        db.write(put(RUNS, item, condition=condition, values=values))


def count_records(db: Db, work_id: str) -> Counter[str]:
    """Records by what they count as: those of the pieces that are kept, and of each segment those of the piece that is under way."""
    under_way = {item["sk"].removeprefix(_COUNTED): item for item in _parts(db, work_id, _COUNTED)}  # first: a piece kept since counts once
    found, kept = Counter[str](), Counter[str]()
    for item in _parts(db, work_id, _PIECES):
        kept[item["sk"].split("#")[1]] += 1
        found.update(_PIECE_CODEC.entity(item).counts)
    for segment, item in under_way.items():
        if item["piece"] == kept[segment]:
            found.update({name: int(count) for name, count in item["counts"].items()})
    return found


def keep_file(db: Db, work: WorkRecord, part: str, number: int, result: FileResult) -> FileResult:
    """Keep a file of a merge, `FILES` or `SORTED`; the one that stands, ours or an earlier delivery's."""
    item: Item = {**_FILE_CODEC.item(result.file), "offsets": list(result.offsets), "is_last": result.is_last}
    return _file_from_item(_keep_first(db, work, keys.work_part_key(work.work_id, f"{part}{number:04}"), item))


def file_results(db: Db, work_id: str, part: str = FILES) -> list[FileResult]:
    """The files of a merge so far, in their order; those of the result, unless others are asked for."""
    return [_file_from_item(item) for item in _parts(db, work_id, part)]


def _file_from_item(item: Item) -> FileResult:
    return FileResult(_FILE_CODEC.entity(item), tuple(int(offset) for offset in item["offsets"]), item["is_last"])


def _keep_first(db: Db, work: WorkRecord, place: Key, fields: dict[str, Any]) -> Item:
    """Write an item unless it stands already; the one that stands. It expires with the objects that it names."""
    item: Item = {**place, **fields, EXPIRES: _expiry(work)}
    try:
        db.write(put_new(RUNS, item))
    except ConditionFailed:
        return db.get(RUNS, place) or item
    return item


def _expiry(work: WorkRecord) -> int:
    return int((datetime.fromisoformat(work.created_at) + RESULT_DAYS).timestamp())


def _parts(db: Db, work_id: str, prefix: str) -> Sequence[Item]:
    values = {"pk": keys.work_key(work_id)["pk"], "prefix": prefix}
    return list(db.query_all(RUNS, "#pk = :pk AND begins_with(#sk, :prefix)", values))
