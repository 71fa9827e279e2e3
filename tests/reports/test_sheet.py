"""Files of rows that come in, without a server: what JSON would say, and every fault with its row."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import BillingError, InvalidRows, Malformed, RowFault
from chalicelib.wire import sheet
from chalicelib.wire.bodies import AssignmentRow, PackageBody, parse
from chalicelib.wire.tables import written

HEAD = "customer_id,package_id,start_date,did,quantity,auto_decrement_credit,confirm_backlog\r\n"
GOOD = "acme,p1,2031-01-15,4420794600,2,true,FALSE\r\n"


def faults(text: str, model: Any = AssignmentRow) -> list[tuple[int, str, str]]:
    """The rows, columns and pointers that are named."""
    with pytest.raises(InvalidRows) as refused:
        sheet.read(text, model)
    named = [fault for fault in refused.value.faults if isinstance(fault, RowFault)]
    assert len(named) == len(refused.value.faults)
    assert all(fault.detail for fault in named)
    return [(fault.row, fault.column, fault.pointer) for fault in named]


def test_a_row_is_what_its_json_would_be() -> None:
    ((number, body),) = sheet.read(HEAD + GOOD, AssignmentRow)
    values = {
        "customer_id": "acme", "package_id": "p1", "start_date": "2031-01-15", "did": "4420794600", "quantity": 2,
        "auto_decrement_credit": True, "confirm_backlog": False,
    }  # fmt: skip
    assert (number, body) == (2, parse(AssignmentRow, values))


@pytest.mark.parametrize(
    ("cell", "match"), [("15;31", [15, 31]), ("15", [15]), (" 15 ; 31 ", [15, 31])], ids=["two", "one", "spaces"]
)  # fmt: skip
def test_match_days_are_separated_by_semicolons(cell: str, match: list[int]) -> None:
    ((_, body),) = sheet.read(f"name,frequency,frequency_match\nLine,monthly,{cell}\n", PackageBody)
    assert body.frequency_match == match


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    """Empty rows count, a cell of several lines is one row, a byte order mark is none."""
    text = '\ufeffname,description\n\nFirst,"two\r\nlines"\n,\nSecond,\n'
    assert [(number, body.name, body.description) for number, body in sheet.read(text, PackageBody)] == [
        (3, "First", "two\r\nlines"), (5, "Second", ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (",p1,2031-01-15,,,,\n", [(2, "customer_id", "/rows/2/customer_id")]),
        ("acme,p1,15.01.2031,,,,\n", [(2, "start_date", "/rows/2/start_date")]),
        ("acme,p1,2031-01-15,12,0,yes,1\n", [(2, name, f"/rows/2/{name}") for name in
                                             ("auto_decrement_credit", "confirm_backlog", "did", "quantity")]),
        (GOOD + "a b,p1,2031-01-15,,1.0,,\n" + GOOD + "acme,p1,2031-01-15,4.42E+11,,,\n",
         [(3, "customer_id", "/rows/3/customer_id"), (3, "quantity", "/rows/3/quantity"), (5, "did", "/rows/5/did")]),
        (GOOD + "acme,p1\n" + GOOD + GOOD.strip() + ",\n", [(3, "", "/rows/3"), (5, "", "/rows/5")]),
        ("acme,\ufffd,2031-01-15,,,,\n", [(2, "package_id", "/rows/2/package_id")]),
    ],
    ids=["missing", "date", "four-in-a-row", "two-rows", "cells", "encoding"],
)  # fmt: skip
def test_every_faulty_row_is_named_with_all_its_faults(rows: str, named: list[tuple[int, str, str]]) -> None:
    assert faults(HEAD + rows) == named


def test_a_thousand_faulty_rows_are_all_named() -> None:
    assert [row for row, _, _ in faults(HEAD + ",p1,2031-01-15,,,,\n" * 1000)] == list(range(2, 1002))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", [(1, "", "/rows/1")]), ("\r\n\r\n", [(1, "", "/rows/1")]),
        ("name,retial\nLine,1\n", [(1, "retial", "/rows/1/retial")]),
        ("name,name\nLine,Line\n", [(1, "name", "/rows/1/name")]),
        ("retail\n1\n", [(1, "name", "/rows/1/name")]),
        ("name;retail\nLine;1\n", [(1, "name", "/rows/1/name"), (1, "name;retail", "/rows/1/name;retail")]),
        ("name,package_id\nLine,p1\n", [(1, "package_id", "/rows/1/package_id")]),
        ("name\n", [(1, "", "/rows/1")]), ("name\n" + "Line\n" * 1001, [(1, "", "/rows/1")]),
        ("name," * 52_000, [(1, "", "/rows/1")]), ("x," * 101 + "\n", [(1, "", "/rows/1")]),
    ],
    ids=["nothing", "blank", "unknown", "twice", "required", "semicolons", "read-only", "no-rows", "too-many", "flood", "columns"],
)  # fmt: skip
def test_a_faulty_heading_is_told_as_row_1(text: str, named: list[tuple[int, str, str]]) -> None:
    assert faults(text, PackageBody) == named


@pytest.mark.parametrize("text", ['name\n"Line\n', 'name\n"Li"ne"\n'], ids=["open", "inner"])
def test_what_is_no_csv_is_malformed_with_its_place(text: str) -> None:
    with pytest.raises(Malformed, match="after row 1 the file is not CSV"):
        sheet.read(text, PackageBody)


def test_every_field_has_a_kind_of_cell() -> None:
    """A new flag, number or list must be told to the reader of files, or no cell could ever say it."""
    for model in (PackageBody, AssignmentRow):
        kinds = {name: str(field.annotation) for name, field in model.model_fields.items()}
        assert {name for name, kind in kinds.items() if "bool" in kind} == sheet._FLAGS & kinds.keys()
        assert {name for name, kind in kinds.items() if "int" in kind and "list" not in kind} == sheet._WHOLE & kinds.keys()
        assert {name for name, kind in kinds.items() if "list" in kind} == sheet._LISTS & kinds.keys()


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\ufffd"), min_size=1, max_size=200), min_size=1, max_size=20))
def test_what_our_csv_says_is_read_again(names: list[str]) -> None:
    text = written(("name", "retail"), [{"name": name, "retail": "1.50"} for name in names])
    assert [body.name for _, body in sheet.read(text, PackageBody)] == names


@settings(deadline=None)
@given(st.text() | st.lists(st.lists(st.text())).map(lambda rows: "name,retail\n" + _text(rows)))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rows = sheet.read(text, PackageBody)
    except BillingError:
        return
    assert rows


def _text(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()
