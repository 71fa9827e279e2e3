"""The carrier's numbers in the bucket, one JSON line each, until the work has read them."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final, NamedTuple

from ...domain.reconciliation import ListedNumber
from ...domain.work import ResultFile, WorkRecord
from ...storage.keys import Key
from ...storage.objects import Objects
from ..work.results import BEGINNING, RowStart, rows_from

SLICE_NUMBERS: Final = 1000
"""Numbers that are read at once."""


class ListedSlice(NamedTuple):
    """Some of the carrier's numbers, as they lie in the bucket. They are no customer's."""

    numbers: Sequence[Any]
    last: Key
    customer_id: str = ""


def staged_key(work_id: str) -> str:
    """Where the numbers of a work lie."""
    return f"{work_id}/listed"


def staged_line(did: str, one: ListedNumber) -> bytes:
    """A number as a line."""
    return json.dumps([did, *json_of_listed(one)], separators=(",", ":")).encode() + b"\n"


def json_of_listed(one: ListedNumber) -> list[Any]:
    """What the carrier says of a number, as JSON: amounts as text, so that they stay exact."""
    return [one.row, None if one.cost is None else format(one.cost, "f"), one.currency, one.customer_id]


def listed_of(value: Sequence[Any]) -> ListedNumber:
    """What was written."""
    row, cost, currency, customer_id = value
    return ListedNumber(row, None if cost is None else Decimal(cost), currency, customer_id)


def staged_numbers(objects: Objects, found: WorkRecord, cursor: Key | None) -> Iterator[ListedSlice]:
    """The numbers of a work from a place on, some at a time, each time with the place after them."""
    size = int(found.asked["size"])
    file = ResultFile("", staged_key(found.work_id), 0, size, "")
    rows = rows_from(objects, [file], RowStart(int(cursor["file"]), int(cursor["start"])) if cursor else BEGINNING)
    head = next(rows, None)
    while head:
        some = [head[1], *(row for _, row in islice(rows, SLICE_NUMBERS - 1))]
        head = next(rows, None)
        yield ListedSlice(some, (head[0] if head else RowStart(0, size)).key)
