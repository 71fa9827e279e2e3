"""Files of rows that come in: CSV (RFC 4180) with the names of JSON fields as headings, each row checked as a JSON body is.

Rows are counted as a spreadsheet counts them: the heading is row 1. An empty cell leaves its field out. An apostrophe that
our own CSV puts before a text is taken away again. Faults of the heading are told first, then those of all rows at once.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from ..domain.errors import Fault, Invalid, InvalidRows, Malformed, RowFault, row_fault
from .bodies import B, parse
from .jsontext import pointer, spoiled
from .tables import plain

MOST_ROWS: Final = 1000
MOST_COLUMNS: Final = 100
_FLAGS: Final = frozenset(("auto_decrement_credit", "confirm_backlog", "minimum_spend"))
_WHOLE: Final = frozenset(("quantity", "free_minutes", "minimum_days"))
_LISTS: Final = frozenset(("frequency_match",))
_LONGEST_WHOLE: Final = 18

Cells = dict[str, str]


def read(text: str, model: type[B]) -> list[tuple[int, B]]:
    """The rows with their numbers. Raises `Malformed` for what is no CSV, `InvalidRows` with the faults of all rows."""
    rows, faults = sift(text, model)
    if faults:
        raise InvalidRows(faults)
    return rows


def sift(text: str, model: type[B]) -> tuple[list[tuple[int, B]], list[RowFault]]:
    """The rows that are well-formed, and the faults of the others. Raises what `read` does, but not for rows."""
    records = _records(text)
    heading = [name.strip() for name in records[0][1]] if records else []
    faults = list(_heading_faults(heading, model))
    if faults:
        raise InvalidRows(faults)
    found, rows = records[1:], []
    if not 1 <= len(found) <= MOST_ROWS:
        raise InvalidRows([row_fault(1, "", f"{len(found)} rows follow; a file has 1 to {MOST_ROWS}")], code="too_many" if found else None)
    for number, cells in found:
        try:
            rows.append((number, _body(number, heading, cells, model)))
        except InvalidRows as error:
            faults += [fault for fault in error.faults if isinstance(fault, RowFault)]
    return rows, faults


def _records(text: str) -> list[tuple[int, list[str]]]:
    """The records that are not empty, with their numbers."""
    records, reader = [], csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(cells):
                records.append((number, cells))
    except csv.Error as error:
        raise Malformed(f"after row {number} the file is not CSV: {error}") from None
    return records


def _heading_faults(heading: list[str], model: type[B]) -> Iterator[RowFault]:
    fields = model.model_fields
    if not heading:
        yield row_fault(1, "", "the file is empty: its first row has the names of columns")
    if len(heading) > MOST_COLUMNS:
        yield row_fault(1, "", f"has {len(heading)} columns; there are {', '.join(fields)}")
        return
    for n, name in enumerate(heading):
        if name not in fields:
            hint = "; columns are separated by commas" if ";" in name else ""
            yield row_fault(1, name, f"is not a column; there are {', '.join(fields)}{hint}", pointer(name))
        elif name in heading[:n]:
            yield row_fault(1, name, "is given twice")
    for name, field in fields.items():
        if heading and field.is_required() and name not in heading:
            yield row_fault(1, name, "is required")


def _body(number: int, heading: list[str], cells: list[str], model: type[B]) -> B:
    """One row as the body that JSON would have. Raises `InvalidRows`."""
    if len(cells) != len(heading):
        raise InvalidRows([row_fault(number, "", f"has {len(cells)} cells, the heading has {len(heading)}")])
    values = {name: _value(name, plain(cell)) for name, cell in zip(heading, cells, strict=True) if cell}
    faults = list(spoiled(values))
    if faults:
        raise InvalidRows(_in_row(number, faults))
    try:
        return parse(model, values)
    except Invalid as error:
        raise InvalidRows(_in_row(number, error.faults)) from None


def _in_row(number: int, faults: Iterable[Fault | RowFault]) -> list[RowFault]:
    return [row_fault(number, fault.pointer.split("/")[1], fault.detail, fault.pointer) for fault in faults]


def _value(name: str, cell: str) -> Any:
    """The cell as JSON would have it; what fits no kind stays text and is refused as such."""
    if name in _FLAGS:
        return {"true": True, "false": False}.get(cell.lower(), cell)
    if name in _WHOLE:
        return _whole(cell)
    return [_whole(part.strip()) for part in cell.split(";")] if name in _LISTS else cell


def _whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_WHOLE else text
