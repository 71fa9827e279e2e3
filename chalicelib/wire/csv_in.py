"""Files of rows that come in: CSV (RFC 4180) with the names of JSON fields as headings, each row checked as a JSON body is.

They are accepted as spreadsheets write them: with a byte order mark, a line `sep=;`, semicolons or tabs for commas, padded
cells, and empty columns and rows at the end. Rows are counted as a spreadsheet counts them: the heading is row 1. An empty
cell leaves its field out. An apostrophe that our own CSV puts before a text is removed again, and columns that only our answers
have are passed over, so that what was exported can be edited and sent back. Faults of the heading are reported first, then those of
all rows at once.
"""

import csv
import io
import re
from collections.abc import Iterator
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from ..domain.errors import HEADING, Invalid, InvalidRows, Malformed, RowFault, faults_in_row, row_fault
from ..domain.importing import FileRow
from .bodies import B, Body, parse
from .csv_out import unprotected
from .fields import identifier
from .jsontext import pointer, spoiled

CELL_SEPARATORS: Final = ",;\t"
FILE_ROWS_MAX: Final = 1000
FILE_COLUMNS_MAX: Final = 100
LIST_ROWS_MAX: Final = 150_000
"""Of a file that is only compared: what is checked within the time of a request."""
LIST_FAULTS_MAX: Final = 200
"""Rows of such a file whose faults are looked for."""
_CELL_DIGITS_MAX: Final = 18
_SAID: Final = re.compile(r'"?sep=(.)"?[ \t]*(?:\r\n|\r|\n)')
_NOT_TEXT: Final = "is not valid text: the file is not UTF-8; save it as CSV UTF-8"


def read_rows(text: str, model: type[B]) -> list[tuple[int, B]]:
    """The rows with their numbers. Raises `Malformed` for what is no CSV, `InvalidRows` with the faults of all rows."""
    rows, faults = sift(text, model)
    if faults:
        raise InvalidRows(faults)
    return rows


def read_list(text: str, model: type[B], unique: str) -> Iterator[tuple[int, B]]:
    """The rows of a long file one by one, with their numbers; no two have the same in the field `unique`.

    What is wrong is raised after the last row, as `read_rows` does: use nothing before the end has come.
    """
    records, count = _records(text, LIST_ROWS_MAX)
    heading = _checked_heading(records, model)
    _demand_rows(count, LIST_ROWS_MAX)
    first_rows: dict[Any, int] = {}
    faults: list[RowFault] = []
    for number, cells in records[1:]:
        try:
            body = _listed_body(number, heading, cells, model)
            _demand_first(first_rows.setdefault(getattr(body, unique), number), number, unique)
        except InvalidRows as error:
            faults += [fault for fault in error.faults if isinstance(fault, RowFault)]
            if len(faults) > LIST_FAULTS_MAX:
                break
        else:
            yield number, body
    if faults:
        raise InvalidRows(faults)


def _listed_body(number: int, heading: list[str], cells: list[str], model: type[B]) -> B:
    """The body of a row. Raises `InvalidRows`."""
    values = _row_of_cells(number, heading, cells, model, "").values
    try:
        return parse(model, values)
    except Invalid as error:
        raise InvalidRows(faults_in_row(number, error.faults)) from None


def _demand_first(first: int, number: int, unique: str) -> None:
    if first != number:
        raise InvalidRows([row_fault(number, unique, f"is given in row {first} already")])


def _checked_heading(records: list[tuple[int, list[str]]], model: type[Body], id_column: str = "") -> list[str]:
    """The heading. Raises `InvalidRows` for one that is not right."""
    heading = _without_empty_end(records[0][1]) if records else []
    faults = list(_heading_faults(heading, model, id_column))
    if faults:
        raise InvalidRows(faults)
    return heading


def sift(text: str, model: type[B]) -> tuple[list[tuple[int, B]], list[RowFault]]:
    """The rows that are well-formed, and the faults of the others. Raises what `read_rows` does, but not for rows."""
    found, faults = row_values(text, model)
    rows = []
    for number, _, values in found:
        try:
            rows.append((number, parse(model, values)))
        except Invalid as error:
            faults += faults_in_row(number, error.faults)
    return rows, faults


def row_values(text: str, model: type[Body], id_column: str = "", most: int = FILE_ROWS_MAX) -> tuple[list[FileRow], list[RowFault]]:
    """The rows as the JSON that they stand for, which is still to be checked, and the faults of those that stand for none; at `most` so
    many. A file with an `id_column` may change what there is, so it may lack columns that something new requires. Raises as `sift`
    does."""
    records, count = _records(text, most)
    heading = _checked_heading(records, model, id_column)
    _demand_rows(count, most)
    faults: list[RowFault] = []
    found, rows = records[1:], []
    for number, cells in found:
        try:
            rows.append(_row_of_cells(number, heading, cells, model, id_column))
        except InvalidRows as error:
            faults += [fault for fault in error.faults if isinstance(fault, RowFault)]
    return rows, faults


def _demand_rows(count: int, most: int) -> None:
    """Raise `InvalidRows` unless there are 1 to `most` rows, too_many if there are more."""
    if not 1 <= count <= most:
        raise InvalidRows([row_fault(HEADING, "", f"{count} rows follow; a file has 1 to {most}")], code="too_many" if count else None)


def _records(text: str, most: int) -> tuple[list[tuple[int, list[str]]], int]:
    """The heading and `most` further records that are not empty, with their numbers and their cells without padding; and how many there
    are after the heading, which may be millions."""
    text, separator = _separated(text.removeprefix("\ufeff"))
    records, reader = [], csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    number = count = 0
    try:
        for number, padded in enumerate(reader, 1):
            if not any(map(str.strip, padded)):
                continue
            count += 1
            if count <= most + 1:
                records.append((number, [cell.strip() for cell in padded]))
    except csv.Error as error:
        raise Malformed(f"after row {number} the file is not CSV: {error}") from None
    return records, max(count - 1, 0)


def _separated(text: str) -> tuple[str, str]:
    """The text, and what separates its cells: what its first line says, which is no row then, or what its heading has most of."""
    said = _SAID.match(text)
    if said and said[1] in CELL_SEPARATORS:
        return text[said.end() :], said[1]
    first = text.lstrip().partition("\n")[0]
    return text, max(CELL_SEPARATORS, key=first.count)


def _without_empty_end(cells: list[str], least: int = 0) -> list[str]:
    """The cells without empty ones at their end, but `least` of them."""
    count = len(cells)
    while count > least and not cells[count - 1]:
        count -= 1
    return cells[:count]


def _heading_faults(heading: list[str], model: type[Body], id_column: str) -> Iterator[RowFault]:
    """What is wrong with the file as a whole; if nothing is, what is wrong with single columns."""
    fields = model.model_fields
    if not heading:
        yield row_fault(HEADING, "", "the file is empty: its first row has the names of columns")
    elif len(heading) > FILE_COLUMNS_MAX:
        yield row_fault(HEADING, "", f"the heading has {len(heading)} columns; there are {', '.join(fields)}")
    elif any("\0" in name or "\ufffd" in name for name in heading):
        yield row_fault(HEADING, "", f"the heading {_NOT_TEXT}")
    elif "" in heading:
        yield row_fault(HEADING, "", f"column {heading.index('') + 1} has no name")
    else:
        yield from _column_faults(heading, model, id_column)


def _column_faults(heading: list[str], model: type[Body], id_column: str) -> Iterator[RowFault]:
    fields = model.model_fields
    for n, name in enumerate(heading):
        if name not in fields and name not in model.read_only:
            yield row_fault(HEADING, name, f"is not a column; there are {', '.join(fields)}", pointer(name))
        elif name in heading[:n]:
            yield row_fault(HEADING, name, "is given twice")
    for name, field in fields.items():
        if field.is_required() and name not in heading and not (id_column in heading and name != id_column):
            yield row_fault(HEADING, name, "is required")


def _row_of_cells(number: int, heading: list[str], cells: list[str], model: type[Body], id_column: str) -> FileRow:
    """One row as the JSON that it stands for. Raises `InvalidRows`."""
    cells = _without_empty_end(cells, len(heading))
    if len(cells) != len(heading):
        raise InvalidRows([row_fault(number, "", f"has {len(cells)} cells, the heading has {len(heading)}")])
    fields = model.model_fields
    named = [(name, cell) for name, cell in zip(heading, cells, strict=True) if cell and name in fields]
    values = {name: cell_value(fields[name], unprotected(cell)) for name, cell in named}
    faults = list(spoiled(values))
    if faults:
        raise InvalidRows(faults_in_row(number, [fault._replace(detail=_NOT_TEXT) for fault in faults]))
    return FileRow(number, _row_id(number, id_column, values.pop(id_column, None)), values)


def _row_id(number: int, column: str, cell: str | None) -> str | None:
    """The id of what a row is about. Raises `InvalidRows` for a cell that is none."""
    try:
        return None if cell is None else identifier(cell)
    except ValueError as error:
        raise InvalidRows([row_fault(number, column, str(error))]) from None


def cell_value(field: FieldInfo, cell: str) -> Any:
    """The cell as JSON would have it; what fits no kind stays text and is refused as such."""
    annotation: Any = field.annotation
    kinds = _kinds_of(annotation)
    if bool in kinds:
        return {"true": True, "false": False}.get(cell.lower(), cell)
    if int in kinds:
        return _integer(cell)
    if list not in kinds:
        return cell
    parts = [part.strip() for part in cell.split(";")]
    members = _members_of(annotation)
    if names := _names_of(members):
        return [_record(names, part) for part in parts]
    return parts if str in members else [_integer(part) for part in parts]


def _record(names: tuple[str, ...], part: str) -> dict[str, str] | str:
    """A part of a cell that has several fields, `20/50`; what has too many stays text and is refused as such."""
    values = part.split("/")
    return dict(zip(names, values, strict=False)) if len(values) <= len(names) else part


@lru_cache(maxsize=1000)
def _kinds_of(annotation: Any) -> frozenset[Any]:
    return frozenset(get_origin(kind) or kind for kind in _kinds(annotation))


@lru_cache(maxsize=1000)
def _members_of(annotation: Any) -> frozenset[Any]:
    """The types that the members of a list may have."""
    lists = [kind for kind in _kinds(annotation) if get_origin(kind) is list]
    return frozenset(_kinds(get_args(lists[0])[0]))


def _names_of(members: frozenset[Any]) -> tuple[str, ...]:
    """The fields of the members, if they have some."""
    return next((tuple(one.model_fields) for one in members if isinstance(one, type) and issubclass(one, Body)), ())


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types that a field may have: those of a union, each without what limits it."""
    if get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _kinds(one)
    else:
        yield annotation.__origin__ if get_origin(annotation) is Annotated else annotation


def _integer(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _CELL_DIGITS_MAX else text
