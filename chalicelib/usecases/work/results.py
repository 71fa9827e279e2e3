"""Reads the rows of a result that are JSON lines, from any place in its files on, some at a time."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from ...domain.errors import Malformed
from ...domain.work import ResultFile
from ...storage.keys import Key
from ...storage.objects import Objects

READ_BYTES: Final = 256 * 1024
"""Of a file at a time."""


class RowStart(NamedTuple):
    """Where a row begins: in which file, and at which byte of it."""

    file: int = 0
    start: int = 0

    @property
    def key(self) -> Key:
        """The place as cursors have it."""
        return {"file": str(self.file), "start": str(self.start)}


BEGINNING: Final = RowStart()


def rows_from(objects: Objects, files: Sequence[ResultFile], place: RowStart = BEGINNING) -> Iterator[tuple[RowStart, Any]]:
    """The rows from a place on, each with where it begins."""
    for number, file in enumerate(files[place.file :], place.file):
        start = place.start if number == place.file else 0
        kept, read = b"", start
        while read < file.size:
            end = min(read + READ_BYTES, file.size)
            *whole, kept = (kept + objects.read(file.key, read, end)).split(b"\n")
            for line in whole:
                yield RowStart(number, start), json.loads(line)
                start += len(line) + 1
            read = end


def rows_page(objects: Objects, files: Sequence[ResultFile], after: Key | None, limit: int) -> tuple[list[Any], Key | None]:
    """Up to `limit` rows, and where to go on. Raises `Malformed` for a place that is none."""
    try:
        found = list(islice(rows_from(objects, files, _row_start(files, after)), limit + 1))
    except (KeyError, ValueError):
        raise Malformed("the cursor was not given by this list") from None
    return [row for _, row in found[:limit]], found[limit][0].key if len(found) > limit else None


def _row_start(files: Sequence[ResultFile], key: Key | None) -> RowStart:
    """The place that a cursor says; the beginning without one. Raises `KeyError` or `ValueError` for one that lies in no file."""
    if key is None:
        return BEGINNING
    place = RowStart(int(key["file"]), int(key["start"]))
    if not (0 <= place.file < len(files) and 0 <= place.start < files[place.file].size):
        raise ValueError
    return place
