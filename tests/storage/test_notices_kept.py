"""Notices as they are stored: read back as they were, and few bytes for many lines."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.history import HistoryItem, NoticeLine, Plain, notice
from chalicelib.storage.db import Db, decode
from chalicelib.storage.history import history_from_item, keep_notices, notice_batches
from chalicelib.storage.keys import HISTORY, TABLES
from tests.world.dynamodb import DynamoDb

AT = "2031-02-22T03:00:00+00:00"
KEPT = timedelta(days=30)


def told(number: int, lines: int) -> HistoryItem:
    listed = tuple(
        NoticeLine(f"01M82Z7BJX2VDR1WG2E{n:07}", "Hosted phone system, per seat", f"1555{n:07}", "recurring", 1 + n % 3, Decimal("9.95"))
        for n in range(lines)
    )
    fields: dict[str, Plain] = {"date": "2031-03-01", "days": 7, "retail": "995.00", "suffices": True, "none": None}
    return HistoryItem(
        AT, "schedule", notice("charge.upcoming", f"c{number}~2031-03-01~7", date(2031, 2, 22), "c", fields)._replace(lines=listed)
    )


def database() -> Db:
    return Db(DynamoDb(TABLES), {name: name for name in TABLES})


def test_what_is_kept_is_read_as_it_was() -> None:
    db, items = database(), [told(1, 0), told(2, 1), told(3, 100)]
    for batch in notice_batches(items, KEPT):
        keep_notices(db, batch)
    assert sorted((history_from_item(decode(one)) for one in db.client.items(HISTORY)), key=str) == sorted(items, key=str)


def test_a_notice_that_is_kept_is_not_kept_again_whatever_comes_with_it() -> None:
    db = database()
    (first,) = notice_batches([told(1, 1)], KEPT)
    keep_notices(db, first)
    before = db.client.items(HISTORY)
    (both,) = notice_batches([told(1, 3)._replace(at="2031-02-23T03:00:00+00:00"), told(2, 1)], KEPT)
    keep_notices(db, both)
    assert len(db.client.items(HISTORY)) == 2
    assert before[0] in db.client.items(HISTORY)


@pytest.mark.parametrize(("lines", "most"), [(1, 2), (5, 2), (20, 2), (60, 2), (100, 3)])
def test_a_notice_takes_two_write_units_and_one_of_a_hundred_lines_three(lines: int, most: int) -> None:
    db = database()
    for batch in notice_batches([told(n, lines) for n in range(3)], KEPT):
        keep_notices(db, batch)
    assert db.client.meter.write_units / 3 <= most
