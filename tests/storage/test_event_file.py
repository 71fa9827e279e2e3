"""The latest events in a file: newest first, page by page, and no more than are kept."""

from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path

from chalicelib.storage.event_file import KEPT_EVENTS, EventFile, KeptEvent

BEGIN = datetime(2031, 1, 1, tzinfo=UTC)


def filled(path: Path, events: int) -> EventFile:
    file, ticks = EventFile(str(path)), count()
    numbers = iter(range(events))
    while batch := [{"n": n} for n in islice(numbers, 5000)]:
        file.append(batch, lambda: BEGIN + timedelta(microseconds=next(ticks)))
    return file


def pages(file: EventFile, limit: int, even: bool = False) -> list[int]:
    def wanted(one: KeptEvent) -> bool:
        return not even or one["n"] % 2 == 0

    found, after = file.newest(wanted, None, limit)
    while after:
        more, after = file.newest(wanted, after, limit)
        found += more
    return [one["n"] for one in found]


def test_events_are_listed_newest_first_page_by_page(tmp_path: Path) -> None:
    file = filled(tmp_path / "events", 7)
    assert pages(file, 3) == [6, 5, 4, 3, 2, 1, 0]
    assert pages(file, 2, even=True) == [6, 4, 2, 0]
    assert pages(EventFile(str(tmp_path / "none")), 3) == []


def test_the_latest_are_kept_and_the_file_does_not_grow(tmp_path: Path) -> None:
    path = tmp_path / "events"
    file = filled(path, 2 * KEPT_EVENTS + 7_000)
    assert len(path.read_text().splitlines()) <= 2 * KEPT_EVENTS
    listed = pages(file, 5000)
    assert listed == list(range(2 * KEPT_EVENTS + 6_999, KEPT_EVENTS + 6_999, -1))
