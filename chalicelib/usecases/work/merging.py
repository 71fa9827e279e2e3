"""Merges the sorted records of all pieces into rows, and writes these into files, in bounded memory.

Which rows a file has follows from the records alone, so the same facts make the same files, whatever the pieces were.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

from ...domain.work import WORK_FAILURES_MAX, ResultFile, WorkRecord, WorkState
from ...storage import work
from ...storage.objects import Objects, ObjectWriter
from ...storage.work import Chunk, FileResult, PieceResult
from ..request_context import RequestContext, Services
from ..segment import SecondsLeft
from ..time_budget import STOP_SECONDS
from .messages import MergeMessage
from .strategy import Record, Resort, Strategy, line_of, record_of
from .turns import end_work, hand_out, send_on

FILE_ROWS: Final = 1_000_000
"""Of a file at most: what Excel opens, and what a worker writes well within its time."""
RESORTED_GROUPS: Final = 10_000
"""Whose new records a worker holds at once, unless these groups have more than `RESORTED_BYTES`."""
RESORTED_BYTES: Final = 16 * 1024 * 1024
_BUFFERS_BYTES: Final = 24 * 1024 * 1024
"""Of all chunks together that are merged."""
_FOLDERS: Final = {work.SORTED: "sorted", work.FILES: "files"}
_Write = Callable[[int, "Merge", ObjectWriter], tuple[str, int]]
"""Writes the file of a number; says its name and how many rows it has."""
_BUFFER_BYTES_MIN, _BUFFER_BYTES_MAX = 16 * 1024, 1024 * 1024


def work_merge(
    services: Services, context: RequestContext, found: WorkRecord, message: MergeMessage, strategy: Strategy, seconds_left: SecondsLeft
) -> None:
    """Write the files, from the message's on; what is not done in time is handed on by a message. The last one ends the work."""
    pieces = work.piece_results(services.db, found.work_id)
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    merging = _Merging(services, context, found, message, seconds_left)
    try:
        if strategy.resort:
            again = merging.written(work.SORTED, chunks, partial(_write_sorted, strategy.resort))
            chunks = [Chunk(one.file.key, one.file.size) for one in again if one.file.size]
        files = merging.written(work.FILES, chunks, partial(_write_rows, strategy))
    except _HandedOn:
        return
    _end_with_files(services, context, found, pieces, files)


class _HandedOn(Exception):
    """Time is short: a message has the rest."""


class _Merging:
    """One message of a merge: writes what is left of the files of its steps."""

    def __init__(
        self, services: Services, context: RequestContext, found: WorkRecord, message: MergeMessage, seconds_left: SecondsLeft
    ) -> None:
        self._services, self._context, self._work, self._message = services, context, found, message
        self._seconds_left = seconds_left
        self._files = 0

    def written(self, part: str, chunks: Sequence[Chunk], write: "_Write") -> list[FileResult]:
        """The files of a step, `work.FILES` or `work.SORTED`, once all are written. Raises `_HandedOn`."""
        files = work.file_results(self._services.db, self._work.work_id, part)
        merge = Merge(self._services.objects(), chunks, files[-1].offsets if files else (0,) * len(chunks))
        while not (files and files[-1].is_last):
            done = self._files + len(files)
            if done > self._message.number and self._seconds_left() < STOP_SECONDS:
                send_on(self._services, self._work, [self._message._replace(number=done)])
                raise _HandedOn
            files.append(self._write(part, len(files), merge, write))
            if files[-1].offsets != merge.offsets:  # another delivery wrote this file
                merge = Merge(self._services.objects(), chunks, files[-1].offsets)
        self._files += len(files)
        return files

    def _write(self, part: str, number: int, merge: "Merge", write: "_Write") -> FileResult:
        """Write a file, and keep that it is written; the one that stands."""
        key = f"{self._work.work_id}/{_FOLDERS[part]}/{number:04}-{self._context.id}"
        with self._services.objects().writer(key) as writer:
            name, rows = write(number, merge, writer)
        file = ResultFile(name, key, rows, writer.size, writer.sha256)
        return work.keep_file(self._services.db, self._work, part, number, FileResult(file, merge.offsets, merge.is_through))


def _end_with_files(
    services: Services, context: RequestContext, found: WorkRecord, pieces: Sequence[PieceResult], files: Sequence[FileResult]
) -> None:
    failures = [failure for piece in pieces for failure in piece.failures]
    failed = sum(piece.failed for piece in pieces)
    rows = sum(one.file.rows for one in files)
    state: WorkState = "finished_with_failures" if failed else "finished"
    ended = found._replace(rows=rows, failures=tuple(failures[:WORK_FAILURES_MAX]), failed=failed)
    end_work(services, context, ended, state)
    hand_out(services)


def _write_rows(strategy: Strategy, number: int, merge: "Merge", writer: ObjectWriter) -> tuple[str, int]:
    """Write the rows of a file; its name, and how many they are."""
    rows, key = 0, merge.next_key(strategy.file_depth)
    writer.write(strategy.heading())
    for row in _rows(merge, strategy):
        writer.write(strategy.line(row))
        rows += 1
        if rows == FILE_ROWS or merge.next_key(strategy.file_depth) != key:
            break
    return strategy.file_name(number + 1, key), rows


def _write_sorted(resort: Resort, number: int, merge: "Merge", writer: ObjectWriter) -> tuple[str, int]:
    """Write the records of some groups as they are sorted anew."""
    lines = sorted(map(line_of, resort.records(number, _some_groups(merge, resort.depth))))
    for line in lines:
        writer.write(line)
    return "", len(lines)


def _some_groups(merge: "Merge", depth: int) -> Iterator[Iterator[Record]]:
    begun = sum(merge.offsets)
    for group in islice(merge.groups(depth), RESORTED_GROUPS):
        yield group
        if sum(merge.offsets) - begun > RESORTED_BYTES:
            break


def _rows(merge: "Merge", strategy: Strategy) -> Iterator[Mapping[str, Any]]:
    for records in merge.groups(strategy.depth):
        row = strategy.row(records)
        for _ in records:
            """What the strategy left unread belongs to this row all the same."""
        if row is not None:
            yield row


class Merge:
    """The records of sorted chunks in one order, those with one key once; read in parts, from given offsets on."""

    def __init__(self, objects: Objects, chunks: Sequence[Chunk], offsets: Sequence[int]) -> None:
        size = min(max(_BUFFERS_BYTES // max(len(chunks), 1), _BUFFER_BYTES_MIN), _BUFFER_BYTES_MAX)
        self._lines = [_Lines(objects, chunk, offset, size) for chunk, offset in zip(chunks, offsets, strict=True)]
        heads = ((lines.take(), number) for number, lines in enumerate(self._lines))
        self._heads = [(head, number) for head, number in heads if head is not None]
        heapq.heapify(self._heads)
        self._offsets = list(offsets)

    @property
    def offsets(self) -> tuple[int, ...]:
        """Where in each chunk the first record lies that was not given out yet."""
        return tuple(self._offsets)

    @property
    def is_through(self) -> bool:
        """Whether every record was given out."""
        return not self._heads

    def next_key(self, depth: int) -> tuple[str, ...]:
        """The first `depth` parts of the key of the record that comes next; nothing at the end."""
        return tuple(part.decode() for part in self._heads[0][0].split(b"\t", depth)[:depth]) if self._heads else ()

    def groups(self, depth: int) -> Iterator[Iterator[Record]]:
        """The records by the first `depth` parts of their keys. Each group is to be read to its end before the next."""
        while self._heads:
            prefix = b"\t".join(self._heads[0][0].split(b"\t", depth)[:depth]) + b"\t"
            yield self._group(prefix)

    def _group(self, prefix: bytes) -> Iterator[Record]:
        last: tuple[str, ...] | None = None
        while self._heads and self._heads[0][0].startswith(prefix):
            record = record_of(self._pop())
            if record.key != last:
                last = record.key
                yield record

    def _pop(self) -> bytes:
        line, number = self._heads[0]
        following = self._lines[number].take()
        if following is None:
            heapq.heappop(self._heads)
        else:
            heapq.heapreplace(self._heads, (following, number))
        self._offsets[number] += len(line)
        return line


class _Lines:
    """The lines of a chunk from an offset on, read a buffer at a time."""

    def __init__(self, objects: Objects, chunk: Chunk, offset: int, size: int) -> None:
        self._objects, self._chunk, self._offset, self._size = objects, chunk, offset, size
        self._kept = b""
        self._lines: list[bytes] = []

    def take(self) -> bytes | None:
        """The next line; None at the end."""
        while not self._lines:
            if self._offset >= self._chunk.size:
                return None
            end = min(self._offset + self._size, self._chunk.size)
            *whole, rest = (self._kept + self._objects.read(self._chunk.key, self._offset, end)).split(b"\n")
            self._offset, self._kept = end, rest
            self._lines = [line + b"\n" for line in reversed(whole)]
        return self._lines.pop()
