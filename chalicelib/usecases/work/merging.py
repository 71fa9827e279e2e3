"""Merges the sorted records of all pieces into rows, and writes these into files, in bounded memory.

Which rows a file has follows from the records alone, so the same facts make the same files, whatever the pieces were.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ...domain.work import WORK_FAILURES_MAX, ResultFile, WorkRecord, WorkState
from ...storage import work
from ...storage.objects import Objects
from ...storage.work import Chunk, FileResult, PieceResult
from ..request_context import RequestContext, Services
from ..segment import SecondsLeft
from ..time_budget import STOP_SECONDS
from .messages import MergeMessage, work_body
from .strategy import Record, Strategy, record_of
from .turns import end_work, hand_out

FILE_ROWS: Final = 1_000_000
"""Of a file at most: what Excel opens, and what a worker writes well within its time."""
_BUFFERS_BYTES: Final = 24 * 1024 * 1024
"""Of all chunks together that are merged."""
_BUFFER_BYTES_MIN, _BUFFER_BYTES_MAX = 16 * 1024, 1024 * 1024


def work_merge(
    services: Services, context: RequestContext, found: WorkRecord, message: MergeMessage, strategy: Strategy, seconds_left: SecondsLeft
) -> None:
    """Write the files, from the message's on; what is not done in time is handed on by a message. The last one ends the work."""
    pieces = work.piece_results(services.db, found.work_id)
    chunks = [chunk for piece in pieces for chunk in piece.chunks]
    files = work.file_results(services.db, found.work_id)
    merge = Merge(services.objects(), chunks, files[-1].offsets if files else (0,) * len(chunks))
    while not (files and files[-1].is_last):
        if len(files) > message.number and seconds_left() < STOP_SECONDS:
            services.send_work([work_body(message._replace(number=len(files)))])
            return
        files.append(_write_file(services, context, found, len(files), strategy, merge))
        if files[-1].offsets != merge.offsets:  # another delivery wrote this file
            merge = Merge(services.objects(), chunks, files[-1].offsets)
    _end_with_files(services, context, found, pieces, files)


def _end_with_files(
    services: Services, context: RequestContext, found: WorkRecord, pieces: Sequence[PieceResult], files: Sequence[FileResult]
) -> None:
    failures = [failure for piece in pieces for failure in piece.failures]
    failed = sum(piece.failed for piece in pieces)
    rows = sum(one.file.rows for one in files)
    state: WorkState = "finished_with_failures" if failed else "finished"
    ended = found._replace(rows=rows, failures=tuple(failures[:WORK_FAILURES_MAX]), failed=failed)
    end_work(services, ended, state, context.timestamp)
    hand_out(services)


def _write_file(
    services: Services, context: RequestContext, found: WorkRecord, number: int, strategy: Strategy, merge: "Merge"
) -> FileResult:
    """Write a file, and keep that it is written; the one that stands."""
    key = f"{found.work_id}/files/{number:04}-{context.id}"
    rows = 0
    with services.objects().writer(key) as writer:
        writer.write(strategy.heading())
        for row in _rows(merge, strategy):
            writer.write(strategy.line(row))
            rows += 1
            if rows == FILE_ROWS:
                break
    file = ResultFile(strategy.file_name(number + 1), key, rows, writer.size, writer.sha256)
    return work.keep_file(services.db, found, number, FileResult(file, merge.offsets, merge.is_through))


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
