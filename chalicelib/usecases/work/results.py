"""Reads the rows of a result that are JSON lines, from any place in its files on, some at a time."""

import json
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from ...domain.errors import Malformed
from ...domain.work import ResultFile, WorkRecord
from ...storage import work
from ...storage.keys import Key
from ...storage.objects import Objects
from ..request_context import RequestContext

READ_BYTES: Final = 256 * 1024
"""Of a file at a time."""
BLOCK_BYTES: Final = 64 * 1024
"""Of a file in which a row is looked for: longer than any row of `SortedRows`."""
PASSED_OVER_MAX: Final = 10_000
"""Rows of a page that don't count: a few megabytes."""
_BEHIND_ALL: Final = "\x7f"


class RowStart(NamedTuple):
    """Where a row begins: in which file, and at which byte of it."""

    file: int = 0
    start: int = 0

    @property
    def key(self) -> Key:
        """The place as cursors have it."""
        return {"file": str(self.file), "start": str(self.start)}


BEGINNING: Final = RowStart()


def expiry_of(found: WorkRecord) -> datetime:
    """When the results of a work will be gone."""
    return datetime.fromisoformat(found.created_at) + work.RESULT_DAYS


def has_result(found: WorkRecord, context: RequestContext) -> bool:
    """Whether a work is finished and its results are still there."""
    return found.state in ("finished", "finished_with_failures") and context.at < expiry_of(found)


def files_named(files: Iterable[ResultFile], name: str) -> list[ResultFile]:
    """The files of one use."""
    return [file for file in files if file.name == name]


def rows_from(
    objects: Objects, files: Sequence[ResultFile], place: RowStart = BEGINNING, read_bytes: int | None = None
) -> Iterator[tuple[RowStart, Any]]:
    """The rows from a place on, each with where it begins."""
    for number, file in enumerate(files[place.file :], place.file):
        start = place.start if number == place.file else 0
        kept, read = b"", start
        while read < file.size:
            end = min(read + (read_bytes or READ_BYTES), file.size)
            *whole, kept = (kept + objects.read(file.key, read, end)).split(b"\n")
            for line in whole:
                yield RowStart(number, start), json.loads(line)
                start += len(line) + 1
            read = end


def rows_back_from(objects: Objects, files: Sequence[ResultFile], place: RowStart) -> Iterator[tuple[RowStart, Any]]:
    """The rows before a place, which is where a row ends, the last one first; each with where it ends. Raises `ValueError` for a place
    within a row."""
    for number in range(place.file, -1, -1):
        end = read = place.start if number == place.file else files[number].size
        kept = b""
        while read > 0:
            start = max(0, read - READ_BYTES)
            *lines, behind = (objects.read(files[number].key, start, read) + kept).split(b"\n")
            if behind:
                raise ValueError(behind)
            whole, kept, read = lines[1:] if start else lines, lines[0] + b"\n", start
            for line in reversed(whole):
                yield RowStart(number, end), json.loads(line)
                end -= len(line) + 1


def rows_page(
    objects: Objects, files: Sequence[ResultFile], after: Key | None, limit: int, counts: Callable[[Any], bool] = lambda _: True
) -> tuple[list[Any], Key | None]:
    """Up to `limit` rows, of those that count, maybe fewer or none, and where to go on. Raises `Malformed` for a place that is none."""
    return _page(lambda: rows_from(objects, files, _row_start(files, after)), limit, counts)


def rows_back_page(
    objects: Objects, files: Sequence[ResultFile], after: Key | None, limit: int, counts: Callable[[Any], bool] = lambda _: True
) -> tuple[list[Any], Key | None]:
    """The same from the last row to the first."""
    return _page(lambda: rows_back_from(objects, files, _row_end(files, after)), limit, counts)


def _page(rows: Callable[[], Iterator[tuple[RowStart, Any]]], limit: int, counts: Callable[[Any], bool]) -> tuple[list[Any], Key | None]:
    found: list[Any] = []
    passed_over = 0
    try:
        for place, row in rows():
            counted = counts(row)
            if (counted and len(found) == limit) or passed_over == PASSED_OVER_MAX:
                return found, place.key
            if counted:
                found.append(row)
            else:
                passed_over += 1
    except (KeyError, ValueError):
        raise Malformed("the cursor was not given by this list") from None
    return found, None


def _row_start(files: Sequence[ResultFile], key: Key | None) -> RowStart:
    """The place that a cursor says; the beginning without one. Raises `KeyError` or `ValueError` for one that lies in no file."""
    place = BEGINNING if key is None else _place(files, key)
    if key and place.start == files[place.file].size:
        raise ValueError
    return place


def _row_end(files: Sequence[ResultFile], key: Key | None) -> RowStart:
    """The same for rows that are read from the end: the end without one."""
    if key is None:
        return RowStart(len(files) - 1, files[-1].size) if files else RowStart(-1)
    return _place(files, key)


def _place(files: Sequence[ResultFile], key: Key) -> RowStart:
    place = RowStart(int(key["file"]), int(key["start"]))
    if not (0 <= place.file < len(files) and 0 <= place.start <= files[place.file].size):
        raise ValueError
    return place


class SortedRows:
    """Rows that are sorted by a key of printable ASCII: those of a key are found by halving. What was seen on the way is remembered, so
    that most look-ups take one read."""

    def __init__(self, objects: Objects, files: Sequence[ResultFile], key: Callable[[Any], str]) -> None:
        self._objects, self._files, self._key = objects, files, key
        self._blocks = [RowStart(number, start) for number, file in enumerate(files) for start in range(0, file.size, BLOCK_BYTES)]
        self._first = lru_cache(maxsize=None)(self._first_of)

    def of(self, wanted: str) -> Iterator[Any]:
        """The rows with a key, in their order."""
        block = bisect_left(range(len(self._blocks)), wanted, key=lambda one: self._first(one)[1])
        place = self._first(max(block - 1, 0))[0] if self._blocks else BEGINNING
        for _, row in rows_from(self._objects, self._files, place, BLOCK_BYTES):
            if self._key(row) > wanted:
                return
            if self._key(row) == wanted:
                yield row

    def _first_of(self, block: int) -> tuple[RowStart, str]:
        """The first row that begins in a block or behind it: where, and its key."""
        place = self._first_place(self._blocks[block])
        first = next(rows_from(self._objects, self._files, place, BLOCK_BYTES), None)
        return place, _BEHIND_ALL if first is None else self._key(first[1])

    def _first_place(self, block: RowStart) -> RowStart:
        if block.start == 0:
            return block
        file = self._files[block.file]
        part = self._objects.read(file.key, block.start - 1, min(block.start + BLOCK_BYTES, file.size))
        start = block.start + part.find(b"\n")
        return RowStart(block.file, start) if start < file.size else RowStart(block.file + 1)
