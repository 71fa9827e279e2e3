"""The lines of live runs in `runs`, page by page: those of daily runs as their workers kept them, else those of plans.

A daily run's lines stand in `LINES#segment#attempt#n`. Deliveries of one piece of work may overlap, and each keeps what it
did; when the segment is through, what is there twice is taken out.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from ..domain.errors import Malformed
from ..domain.record import RunRecord, Step, each_once
from . import keys, plans
from .db import Db, Item, put
from .keys import RUNS
from .packing import in_parts, pack_steps, unpack_steps

LINES_PREFIX: Final = "LINES#"
_FIRST_ITEMS: Final = 4
_QUERY_ITEMS_MAX: Final = 128
"""Read at once. Items may have a line or a thousand, so few are read at first."""


class Position(NamedTuple):
    """Where a page ends: behind `offset` lines of part `number` of the item with this sort key."""

    item: str
    number: int
    offset: int


def save_lines(db: Db, run_id: str, segment: int, attempt: str, number: int, steps: Sequence[Step]) -> int:
    """Keep lines of one attempt at a segment, from its item `number` on; the number of the next item.

    Another attempt's lines are left alone: it may have done what this one finds done.
    """
    parts = in_parts(steps, pack_steps) if steps else []
    for n, part in enumerate(parts, number):
        db.write(put(RUNS, keys.run_part_key(run_id, f"{LINES_PREFIX}{segment:04}#{attempt}#{n:06}") | {"steps": part}))
    return number + len(parts)


def of_segment(db: Db, run_id: str, segment: int) -> list[Step]:
    """All lines of a segment of a daily run, each once; what is there twice is taken out for good."""
    values = {"pk": keys.run_key(run_id)["pk"], "prefix": f"{LINES_PREFIX}{segment:04}#"}
    items = db.query_all(RUNS, "#pk = :pk AND begins_with(#sk, :prefix)", values)
    parts = [(str(item["sk"]), unpack_steps(item["steps"])) for item in items]
    once = list(each_once(step for _, steps in parts for step in steps))
    kept = set(map(id, once))
    for part, steps in parts:
        left = [step for step in steps if id(step) in kept]
        if len(left) < len(steps):
            db.write(put(RUNS, keys.run_part_key(run_id, part) | {"steps": pack_steps(left)}))
    return once


def find_lines(db: Db, run: RunRecord, after: Position | None, limit: int) -> tuple[list[Step], Position | None]:
    """Up to `limit` lines of a run, and where to go on. Raises `Malformed` for a position that no page gave."""
    found: list[Step] = []
    end = None
    for item, number, steps in _line_parts(db, run, after):
        begin = after.offset if after and (after.item, after.number) == (item, number) else 0
        taken = steps[begin : begin + limit - len(found)]
        found += taken
        if begin + len(taken) < len(steps):
            return found, Position(item, number, begin + len(taken)) if taken else end
        if taken:
            end = Position(item, number, len(steps))
    return found, None


def _line_parts(db: Db, run: RunRecord, after: Position | None) -> Iterator[tuple[str, int, list[Step]]]:
    """The lines by item and part, from the part that a position lies in."""
    prefix = LINES_PREFIX if run.kind == "daily" else plans.PLANS_PREFIX
    number = after.number if after else 0
    for item in _items(db, run.run_id, prefix, after.item if after else None):
        if prefix == LINES_PREFIX:
            yield item["sk"], 0, unpack_steps(item["steps"])
        elif plans.is_done(item):
            while (steps := plans.steps_of_part(db, item, number)) is not None:
                yield item["sk"], number, steps
                number += 1
        number = 0


def _items(db: Db, run_id: str, prefix: str, since: str | None) -> Iterator[Item]:
    """The items from `since` on. More are read at once the more are asked for."""
    after = None
    if since is not None:
        after = keys.run_part_key(run_id, since)
        first = db.get(RUNS, after) if since.startswith(prefix) else None
        if first is None:
            raise Malformed("the cursor was not given by this list")
        yield first
    values, limit = {"pk": keys.run_key(run_id)["pk"], "prefix": prefix}, _FIRST_ITEMS
    while True:
        found = db.query(RUNS, "#pk = :pk AND begins_with(#sk, :prefix)", values, after=after, limit=limit)
        yield from found.items
        if found.last is None:
            return
        after, limit = found.last, min(2 * limit, _QUERY_ITEMS_MAX)
