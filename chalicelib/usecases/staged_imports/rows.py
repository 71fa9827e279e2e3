"""How results of imports are written: a file for each outcome of rows, and one of sums."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from ...domain import money
from ..work.strategy import NamedFiles, Record
from .kinds import ImportForms

PLANNED, MADE, FAILED, FAULTS, UNDONE, LEFT, SUMS = "planned", "made", "failed", "faults", "undone", "left", "sums"
"""Names of files of the result, and the first parts of the keys of their records."""

Json = Any
Row = Mapping[str, Any]


class RowFiles(NamedFiles):
    """What the strategies of imports have in common: how records become rows, and rows files."""

    depth: Final = 2
    file_depth: Final = 1
    resort: Final = None

    def __init__(self, forms: ImportForms) -> None:
        self.forms = forms

    def row(self, records: Iterator[Record]) -> Row:
        """A row of a result; of faults all of a row, of sums all that were made apart, together."""
        first = next(records)
        if first.key[0] == FAULTS:
            return {"row": first.value[0], "errors": [first.value[1:], *(one.value[1:] for one in records)]}
        if first.key[0] == SUMS:
            return dict(_together([first.value, *(one.value for one in records)]))
        row: Row = first.value
        return row

    def counted(self, record: Record) -> str | None:
        """By its outcome, and by what became of it: as sums are called. A row has one record, but as many as it has faults."""
        outcome, *rest = record.key
        if outcome == SUMS or (outcome == FAULTS and rest[1] != "000"):
            return None
        done = record.value.get("change") or record.value.get("undone") if isinstance(record.value, dict) else None
        return f"{outcome} {done}" if done else outcome

    def line(self, row: Row) -> bytes:
        """A row as its line in a file."""
        return self.forms.line(row)


def sum_records(number: int, name: str, sums: list[Json]) -> Iterator[Record]:
    """What the rows of a slice of this number come to, apart from that of others."""
    if sums:
        yield Record((SUMS, name, f"{number:06}"), _together(sums))


def _together(sums: Iterable[Json]) -> Json:
    """Sums of the same names: counts, and amounts as text, so that they stay exact."""
    found: dict[str, Any] = {}
    for one in sums:
        for name, value in one.items():
            if isinstance(value, str):
                found[name] = money.text(money.plus(Decimal(found.get(name, "0")), Decimal(value)))
            else:
                found[name] = found.get(name, 0) + value
    return found
