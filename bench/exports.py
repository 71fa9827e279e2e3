"""What an export of the ledger of all customers takes: requests and units of a metered ledger, processor time, and memory.

The ledger is made while it is read, page by page, from one charge that the use cases posted: a million of them would not fit into this
process. Objects lie in files, for the same reason.
"""

import gc
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from datetime import time as clock
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from chalicelib.domain.posting_days import PostingDays
from chalicelib.storage.keys import LEDGER, TABLES
from chalicelib.usecases import exports
from chalicelib.usecases.exports import ExportRequest
from chalicelib.usecases.work import merging
from tests.harness import Message
from tests.world.dynamodb import PAGE_BYTES, DynamoDb
from tests.world.s3 import S3
from tests.world.sizes import item_size, read_units

from . import fleet
from .fleet import Fleet
from .prices import dollars
from .report import Budget, number, progress, table
from .service import DAY, YESTERDAY, Service, context

SEGMENTS: Final = 64
EACH: Final = 100
"""Entries of a customer."""
MEGABYTE: Final = 2**20
MEMORY_MAX: Final = 64
"""Megabytes of a message, beyond what the process had before."""
MERGED_ROWS: Final = 20_000
"""Of the file whose memory is measured: more rows pass through the same buffers."""
COLUMNS: Final = (
    "entries", "requests", "read units", "dollars", "S3 requests", "MB written", "µs an entry, pieces", "µs an entry, merge",
    "peak of a piece, MB", "peak of the merge, MB",
)  # fmt: skip


class EndlessLedger(DynamoDb):
    """A DynamoDB whose ledger has so many entries, alike but for their keys, shared out evenly between the segments of a scan."""

    def __init__(self, entries: int) -> None:
        super().__init__(TABLES)
        self._entries = entries
        self._entry = _an_entry()
        self.scans: Counter[str] = Counter()
        self.units = 0.0

    def scan(self, **arguments: Any) -> Any:
        if arguments["TableName"] != LEDGER:
            return super().scan(**arguments)
        after = arguments.get("ExclusiveStartKey")
        size, items = 0, []
        for item in self._items(
            arguments["Segment"], int(after["sk"]["S"].rpartition("~")[2]) if after else -1, after and after["pk"]["S"]
        ):
            items.append(item)
            size += item_size(item)
            if size >= PAGE_BYTES:
                break
        self.scans["scan"] += 1
        self.units += read_units(size, consistent=True)
        last = {"LastEvaluatedKey": {name: items[-1][name] for name in ("pk", "sk")}} if size >= PAGE_BYTES else {}
        return {"Items": items, **last}

    def _items(self, segment: int, after: int, customer: str | None) -> Iterator[Any]:
        first = int(customer) if customer else segment
        for number_ in range(first, -(-self._entries // EACH), SEGMENTS):
            for entry in range(after + 1 if number_ == first else 0, min(EACH, self._entries - number_ * EACH)):
                key = f"{self._entry['sk']['S'].rpartition('~')[0]}~{entry:026}"
                yield self._entry | {"pk": {"S": f"{number_:026}"}, "sk": {"S": key}}


def _an_entry() -> Any:
    """A charge as a daily run posted it."""
    store = DynamoDb(TABLES)
    fleet.catalog(store, Fleet(1))
    service = Service(store)
    fleet.evaluated(service)
    fleet.load(store, Fleet(1), fleet.prototype(debits=True, new=False))
    service.evaluate(DAY)
    (entry,) = store.items(LEDGER)
    return entry


class FiledS3(S3):
    """An S3 whose objects lie in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.objects = _Files(folder)  # type: ignore[assignment]


class _Files:
    """As much of a mapping as the S3 uses."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _path(self, key: str) -> Path:
        return self._folder / key.replace("/", "_")

    def __setitem__(self, key: str, body: bytes) -> None:
        self._path(key).write_bytes(body)

    def __contains__(self, key: str) -> bool:
        return self._path(key).exists()

    def __getitem__(self, key: str) -> "_File":
        return _File(self._path(key))


class _File:
    """A stored object of which parts are read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __len__(self) -> int:
        return self._path.stat().st_size

    def __getitem__(self, part: slice) -> bytes:
        with self._path.open("rb") as file:
            file.seek(part.start)
            return file.read(part.stop - part.start)


class Exported(NamedTuple):
    """What an export took; of the units, `ledger_units` for the ledger itself."""

    entries: int
    requests: int
    read_units: float
    ledger_units: float
    objects: int
    bytes_written: int
    piece_seconds: float
    merge_seconds: float
    piece_peak: int
    merge_peak: int

    def row(self) -> list[str]:
        """The cells of its row."""
        return [
            f"{self.entries:,}", f"{self.requests:,}", f"{self.read_units:,.0f}", number(dollars(0, self.read_units)), f"{self.objects:,}",
            number(self.bytes_written / MEGABYTE), number(self.piece_seconds / self.entries * 1e6),
            number(self.merge_seconds / self.entries * 1e6), number(self.piece_peak / MEGABYTE), number(self.merge_peak / MEGABYTE),
        ]  # fmt: skip


def export(entries: int) -> Exported:
    """Export a ledger of so many entries. Raises `RuntimeError` unless every entry is in the files."""
    progress(f"an export of {entries:,} entries")
    with TemporaryDirectory() as folder:
        store, s3 = EndlessLedger(entries), FiledS3(Path(folder))
        service = Service(store, segments=SEGMENTS)
        service.s3 = s3
        asked = exports.request_export(service.services, context(DAY), ExportRequest("ledger", "csv", "UTC", _month()))
        pieces, merge = 0.0, 0.0
        while service.queued_work:
            message = service.queued_work.pop(0)
            took = _seconds(service, message)
            pieces, merge = (pieces, merge + took) if message["kind"] == "merge" else (pieces + took, merge)
        found = exports.read_export(service.db, asked.work_id)
        if (found.work.state, found.work.rows) != ("finished", entries):
            raise RuntimeError(f"{found.work.state}: {found.work.rows} of {entries} entries are exported")
        requests = store.meter.requests.total() + store.scans.total()
        return Exported(
            entries,
            requests,
            store.meter.read_units + store.units,
            store.units,
            s3.requests.total(),
            s3.bytes_in,
            pieces,
            merge,
            *_peaks(entries),
        )


def _month() -> PostingDays:
    first, last = date(YESTERDAY.year, 1, 1), date(YESTERDAY.year, 2, 1)
    since, until = (datetime.combine(day, clock(), UTC) for day in (first, last))
    return PostingDays(first, last, since, until)


def _seconds(service: Service, message: Message) -> float:
    started = time.process_time()
    service.carry_out_work(message, context(DAY), lambda: 900.0)
    return time.process_time() - started


def _peaks(entries: int) -> tuple[int, int]:
    """The most bytes that a piece and the merge hold, beyond what the process had before. Of one file's rows the first are merged."""
    with TemporaryDirectory() as folder, patch.object(merging, "FILE_ROWS", MERGED_ROWS):
        service = Service(EndlessLedger(entries), segments=SEGMENTS)
        service.s3 = FiledS3(Path(folder))
        exports.request_export(service.services, context(DAY), ExportRequest("ledger", "csv", "UTC", _month()))
        begin, *_ = service.queued_work
        service.queued_work.clear()
        service.carry_out_work(begin, context(DAY), lambda: 900.0)
        first, *others = service.queued_work
        piece = _peak(service, first, 900.0)
        for message in others:
            service.carry_out_work(message, context(DAY), lambda: 900.0)
        return piece, _peak(service, service.queued_work[-1], 0.0)


def _peak(service: Service, message: Message, seconds_left: float) -> int:
    gc.collect()
    tracemalloc.start()
    service.carry_out_work(message, context(DAY), lambda: seconds_left)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def budgets(entries: int) -> list[Budget]:
    """Whether an export stays within its memory, and reads the ledger once."""
    took = export(entries)
    stored = took.entries * item_size(_an_entry())
    return [
        Budget("memory of a piece of an export", took.piece_peak / MEGABYTE, "MB", limit=MEMORY_MAX),
        Budget("memory of the merge of an export", took.merge_peak / MEGABYTE, "MB", limit=MEMORY_MAX),
        Budget(
            "read units of the ledger in an export",
            took.ledger_units,
            "",
            stored / 4096,
            "the ledger's bytes, read once",
            limit=1.1,
            of_ratio=True,
        ),
        Budget("requests of an export", took.requests, "", stored / PAGE_BYTES, "pages of the ledger"),
        Budget("processor time of an export", (took.piece_seconds + took.merge_seconds) / took.entries * 1e6, "µs an entry"),
    ]


def draw(entries: int) -> str:
    """An export as a table."""
    return table(COLUMNS, [export(entries).row()])
