"""A ledger in an order: balances run through all entries, sums count all that is meant, pages meet."""

from datetime import date
from decimal import Decimal

import pytest

from chalicelib.domain.ledger import Entry, EntryKind
from chalicelib.domain.sorted_ledger import LedgerAsked, LedgerRow, LedgerSort, RowKey, SortedLedger, sorted_ledger
from chalicelib.domain.statement import Sums


def entry(day: int, posted: int | None, change: str, kind: EntryKind = "recurring") -> Entry:
    key, amount = f"2031-01-{day:02}~2-{kind}~{posted}", Decimal(change)
    made = Entry("c", key, date(2031, 1, day), kind, "held", "USD", Decimal(0), -amount, Decimal(0), "", "")
    return made._replace(status="posted", posted_at=f"2031-02-{posted:02}T02:00:00+00:00", credit_change=amount) if posted else made


FIRST, HELD, LATE = entry(1, 3, "-5"), entry(2, None, "-7"), entry(3, 2, "-1")
PAID = entry(4, 4, "20", "payment")._replace(retail=Decimal(0))
ALL = [FIRST, HELD, LATE, PAID]


def every(_: Entry) -> bool:
    return True


def read(asked: LedgerAsked, limit: int = 10, after: RowKey | None = None) -> SortedLedger:
    return sorted_ledger(ALL, asked, every, after, limit)


def balances(rows: list[LedgerRow]) -> list[tuple[int, str]]:
    return [(row.entry.date.day, str(row.balance)) for row in rows]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (LedgerAsked(), [(1, "-5"), (2, "-5"), (3, "-6"), (4, "14")]),
        (LedgerAsked(descending=True), [(4, "14"), (3, "-6"), (2, "-5"), (1, "-5")]),
        (LedgerAsked("posted"), [(3, "-1"), (1, "-6"), (4, "14")]),
        (LedgerAsked("posted", descending=True), [(4, "14"), (1, "-6"), (3, "-1")]),
        (LedgerAsked(kind="payment"), [(4, "14")]),
        (LedgerAsked(status="held"), [(2, "-5")]),
    ],
)
def test_balances_are_those_of_the_order_whatever_is_left_out(asked: LedgerAsked, expected: list[tuple[int, str]]) -> None:
    assert balances(read(asked).rows) == expected


@pytest.mark.parametrize("sort", ["due", "posted"])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_come_to_the_whole(sort: LedgerSort, descending: bool) -> None:
    asked = LedgerAsked(sort, descending)
    whole, found, after = read(asked), list[LedgerRow](), None
    while True:
        page = read(asked, 1, after)
        assert (page.total, page.sums) == (whole.total, whole.sums)
        found, after = [*found, *page.rows], page.last
        if after is None:
            break
    assert found == whole.rows
    assert len(found) == whole.total


def test_a_page_goes_on_where_its_last_entry_was_though_that_one_has_gone() -> None:
    place = (FIRST.date.isoformat(), FIRST.key)
    assert balances(sorted_ledger(ALL[1:], LedgerAsked(), every, place, 1).rows) == [(2, "0")]
    assert sorted_ledger(ALL[1:], LedgerAsked(descending=True), every, place, 1).rows == []


def test_sums_are_told_apart_by_status() -> None:
    assert read(LedgerAsked(), 1).sums == {
        "held": Sums(1, Decimal(7), Decimal(0), Decimal(0)),
        "posted": Sums(3, Decimal(6), Decimal(0), Decimal(14)),
    }


def test_what_takes_from_an_entry_is_found() -> None:
    credit = entry(5, 6, "2", "credit")._replace(credits=FIRST.entry_id)
    undone = entry(6, 7, "1", "reversal")._replace(reverses=LATE.entry_id)
    found = [sorted_ledger([*ALL, credit, undone], LedgerAsked(of=one.entry_id), every, None, 9).rows for one in (FIRST, LATE, PAID)]
    assert [[row.entry for row in rows] for rows in found] == [[credit], [undone], []]
