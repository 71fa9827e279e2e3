"""Files of rows that come in, without a server: what JSON would say, and every fault with its row."""

import csv
import io
import time
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import BillingError, InvalidRows, Malformed, RowFault
from chalicelib.wire import csv_in
from chalicelib.wire.bodies import Body, PackageBody, parse
from chalicelib.wire.csv_out import to_csv
from chalicelib.wire.fields import legible
from chalicelib.wire.import_rows import AssignmentRow
from chalicelib.wire.work_bodies import CarrierNumber

HEAD = "customer_id,package_id,start_date,did,quantity,auto_decrement_credit,confirm_backlog\r\n"
GOOD = "acme,p1,2031-01-15,4420794600,2,true,FALSE\r\n"


def faults(text: str, model: Any = AssignmentRow) -> list[tuple[int, str, str]]:
    """The rows, columns and pointers that are named."""
    with pytest.raises(InvalidRows) as refused:
        csv_in.read_rows(text, model)
    named = [fault for fault in refused.value.faults if isinstance(fault, RowFault)]
    assert len(named) == len(refused.value.faults)
    assert all(fault.detail for fault in named)
    return [(fault.row, fault.column, fault.pointer) for fault in named]


def test_a_row_is_what_its_json_would_be() -> None:
    ((number, body),) = csv_in.read_rows(HEAD + GOOD, AssignmentRow)
    values = {
        "customer_id": "acme", "package_id": "p1", "start_date": "2031-01-15", "did": "4420794600", "quantity": 2,
        "auto_decrement_credit": True, "confirm_backlog": False,
    }  # fmt: skip
    assert (number, body) == (2, parse(AssignmentRow, values))


@pytest.mark.parametrize(
    ("cell", "match"), [("15;31", [15, 31]), ("15", [15]), (" 15 ; 31 ", [15, 31])], ids=["two", "one", "spaces"]
)  # fmt: skip
def test_match_days_are_separated_by_semicolons(cell: str, match: list[int]) -> None:
    ((_, body),) = csv_in.read_rows(f"name,frequency,frequency_match\nLine,monthly,{cell}\n", PackageBody)
    assert body.frequency_match == match


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    """Empty rows count, a cell of several lines is one row, a byte order mark is none."""
    text = '\ufeffname,description\n\nFirst,"two\r\nlines"\n,\nSecond,\n'
    assert [(number, body.name, body.description) for number, body in csv_in.read_rows(text, PackageBody)] == [
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
        (GOOD + "acme,p1\n" + GOOD + GOOD.strip() + ",x\n", [(3, "", "/rows/3"), (5, "", "/rows/5")]),
        ("acme,\ufffd,2031-01-15,,,,\n", [(2, "package_id", "/rows/2/package_id")]),
    ],
    ids=["missing", "date", "four-in-a-row", "two-rows", "cells", "encoding"],
)  # fmt: skip
def test_every_faulty_row_is_named_with_all_its_faults(rows: str, named: list[tuple[int, str, str]]) -> None:
    assert faults(HEAD + rows) == named


def test_of_a_thousand_faulty_rows_the_first_are_named() -> None:
    assert [row for row, _, _ in faults(HEAD + ",p1,2031-01-15,,,,\n" * 1000)] == list(range(2, 202))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", [(1, "", "/rows/1")]), ("\r\n\r\n", [(1, "", "/rows/1")]),
        ("name,retial\nLine,1\n", [(1, "retial", "/rows/1/retial")]),
        ("name,name\nLine,Line\n", [(1, "name", "/rows/1/name")]),
        ("retail\n1\n", [(1, "name", "/rows/1/name")]),
        ("name:retail\nLine:1\n", [(1, "name", "/rows/1/name"), (1, "name:retail", "/rows/1/name:retail")]),
        ("name,,retail\nLine,,1\n", [(1, "", "/rows/1")]), ("na\ufffdme\nLine\n", [(1, "", "/rows/1")]),
        ("name\n", [(1, "", "/rows/1")]), ("name\n" + "Line\n" * 1001, [(1, "", "/rows/1")]),
        ("name," * 52_000, [(1, "", "/rows/1")]), ("x," * 101 + "\n", [(1, "", "/rows/1")]),
    ],
    ids=["nothing", "blank", "unknown", "twice", "required", "colons", "unnamed", "encoding", "no-rows", "too-many", "flood",
         "columns"],
)  # fmt: skip
def test_a_faulty_heading_is_told_as_row_1(text: str, named: list[tuple[int, str, str]]) -> None:
    assert faults(text, PackageBody) == named


@pytest.mark.parametrize("text", ['name\n"Line\n', 'name\n"Li"ne"\n'], ids=["open", "inner"])
def test_what_is_no_csv_is_malformed_with_its_place(text: str) -> None:
    with pytest.raises(Malformed, match="after row 1 the file is not CSV"):
        csv_in.read_rows(text, PackageBody)


PLAIN = "name,retail,frequency,frequency_match\nLine,2.50,monthly,15;31\nFax,1,,\n"
SPREADSHEETS = {
    "as it is": PLAIN,
    "mark": "\ufeff" + PLAIN,
    "semicolons": 'name;retail;frequency;frequency_match\r\nLine;2.50;monthly;"15;31"\r\nFax;1;;\r\n',
    "tabs": "name\tretail\tfrequency\tfrequency_match\nLine\t2.50\tmonthly\t15;31\nFax\t1\t\t\n",
    "said": 'sep=;\r\nname;retail;frequency;frequency_match\r\nLine;2.50;monthly;"15;31"\r\nFax;1;;\r\n',
    "mark and said": '\ufeff"sep=,"\r\n' + PLAIN,
    "old lines": PLAIN.replace("\n", "\r"),
    "columns": "name,retail,frequency,frequency_match,,\nLine,2.50,monthly,15;31,,\nFax,1,,,,\n",
    "wider rows": "name,retail,frequency,frequency_match\nLine,2.50,monthly,15;31,,,\nFax,1,,, ,\n",
    "rows": PLAIN + ",,,\n\n , ,\u00a0,\n",
    "padded": "name , retail,frequency,frequency_match\n Line ,2.50\u00a0,monthly , 15; 31\nFax,\t1,,\n",
}


@pytest.mark.parametrize("text", SPREADSHEETS.values(), ids=SPREADSHEETS)
def test_c_a_file_is_read_as_spreadsheets_write_it(text: str) -> None:
    found = [(number, body.name, str(body.retail), body.frequency_match) for number, body in csv_in.read_rows(text, PackageBody)]
    assert found == [(2, "Line", "2.50", [15, 31]), (3, "Fax", "1", [])]


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("name,retail\nLine,-1\nFax,1\nA,x\n", "2 rows are not right; nothing was written"),
        ("name,retail\nLine,-1\n", "1 row is not right; nothing was written"),
        ("name,retial\nLine,1\n", "the heading is not right; nothing was written"),
        ("name\n" + "Line\n" * 1001, "1001 rows follow; a file has 1 to 1000; nothing was written"),
        ("", "the file is empty: its first row has the names of columns; nothing was written"),
    ],
    ids=["two", "one", "heading", "too many", "empty"],
)
def test_c_only_rows_that_are_not_right_are_counted(text: str, detail: str) -> None:
    with pytest.raises(InvalidRows) as refused:
        csv_in.read_rows(text, PackageBody)
    assert refused.value.detail == detail


@pytest.mark.parametrize("coding", ["cp1252", "utf-16"])
def test_c_a_file_that_is_not_utf_8_says_how_to_save_it(coding: str) -> None:
    """As API Gateway hands it over: what is no UTF-8 is replaced."""
    text = "name,retail\nCaf\u00e9,1\n".encode(coding).decode(errors="replace")
    with pytest.raises(BillingError) as refused:
        csv_in.read_rows(text, PackageBody)
    told = refused.value.faults[0].detail if isinstance(refused.value, InvalidRows) else refused.value.detail
    assert "save it as CSV UTF-8" in told


HOSTILE = st.lists(
    st.sampled_from(
        ("name", "retail", ",", ";", "\t", '"', "'", "\r", "\n", "\0", "\ufeff", "\ufffd", "sep=", "=", "1", " ", "\u2028", "\u202e")
    ),
    max_size=60,
).map("".join)
FLOODS = {
    "commas": "," * 260_000, "rows": "name\n" + "," * 260_000, "lines": "name" + "\n" * 260_000, "quotes": '"' * 260_000,
    "cell": "name\n" + "x" * 260_000, "separators": "sep=;\n" + ";" * 260_000, "nulls": "\0" * 260_000,
    "pairs": 'name\n"' + '""' * 130_000 + '"',
    "spaces": "name\n" + " " * 260_000, "tabs": "\t" * 260_000, "names": "name," * 52_000, "apostrophes": "name\n" + "'" * 130_000 + "=",
}  # fmt: skip


@settings(max_examples=300)
@given(HOSTILE | st.binary(max_size=200).map(lambda raw: raw.decode(errors="replace")) | st.text(max_size=50).map("name,retail\n".__add__))
def test_c_any_file_is_read_or_its_fault_is_named(text: str) -> None:
    for model in (PackageBody, AssignmentRow):
        told = ["read"]
        try:
            assert csv_in.read_rows(text, model)
        except InvalidRows as error:
            told = [fault.detail for fault in error.faults]
        except Malformed as error:
            told = [error.detail]
        assert told
        assert all(told)


@pytest.mark.parametrize("text", FLOODS.values(), ids=FLOODS)
def test_c_a_flood_is_refused_in_bounded_time(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(BillingError):
        csv_in.read_rows(text, PackageBody)
    assert time.process_time() - begun < 3


FIELDS = [(model, name) for model in (PackageBody, AssignmentRow) for name in model.model_fields]


@pytest.mark.parametrize(("model", "name"), FIELDS, ids=[f"{model.__name__}.{name}" for model, name in FIELDS])
def test_a_cell_becomes_what_the_schema_of_its_field_takes(model: type[Body], name: str) -> None:
    schema = model.model_json_schema()["properties"][name]
    types = {one.get("type") for one in schema.get("anyOf", [schema])}
    read = partial(csv_in.cell_value, model.model_fields[name])
    if "boolean" in types:
        assert (read("TRUE"), read("false"), read("7")) == (True, False, "7")
    elif "array" in types:
        assert read("1; 31;mon") == [1, 31, "mon"]
    elif "integer" in types:
        assert (read("007"), read("true"), read("9" * 19)) == (
            7,
            "true",
            "9" * 19,
        )
    else:
        assert "string" in types
        assert (read("7"), read("true")) == ("7", "true")


def is_legible(name: str) -> bool:
    try:
        return bool(legible(name))
    except ValueError:
        return False


LETTERS = st.characters(codec="utf-8", exclude_characters="\ufffd", exclude_categories=["Cc"])


@given(st.lists(st.text(LETTERS, min_size=1, max_size=200).filter(is_legible), min_size=1, max_size=20))
def test_what_our_csv_says_is_read_again(names: list[str]) -> None:
    """All but the spaces around a text, which nobody sees in a cell."""
    named = [name for name in names if name.strip("\ufeff") == name.strip("\ufeff").strip() != ""]
    text = to_csv(("name", "retail"), [{"name": name, "retail": "1.50"} for name in [*named, "last"]])
    assert [body.name for _, body in csv_in.read_rows(text, PackageBody)] == [*named, "last"]


@given(st.text() | st.lists(st.lists(st.text())).map(lambda rows: "name,retail\n" + _text(rows)))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        rows = csv_in.read_rows(text, PackageBody)
    except BillingError:
        return
    assert rows


def _text(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def listed(text: str) -> list[tuple[int, str]]:
    return [(number, body.did) for number, body in csv_in.read_list(text, CarrierNumber, "did")]


def test_a_long_file_is_read_row_by_row() -> None:
    rows = 50_000
    text = "cost\tdid\n" + "".join(f"1.20\t+44 20 79{n:06}\n" for n in range(rows))
    assert listed(text) == [(n + 2, f"442079{n:06}") for n in range(rows)]


def test_of_a_long_file_the_first_faults_are_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_in, "LIST_FAULTS_MAX", 3)
    for bad, named in ((3, [2, 3, 4]), (9, [2, 3, 4, 5])):
        with pytest.raises(InvalidRows) as refused:
            listed("did\n" + "x\n" * bad + "4420\n")
        assert [fault.row for fault in refused.value.faults if isinstance(fault, RowFault)] == named


def test_a_file_that_is_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_in, "LIST_ROWS_MAX", 2)
    assert listed("did\n4420\n4421\n") == [(2, "4420"), (3, "4421")]
    with pytest.raises(InvalidRows) as refused:
        listed("did\n4420\n4421\n4422\n")
    assert (refused.value.code, refused.value.detail) == ("too_many", "3 rows follow; a file has 1 to 2; nothing was written")


def test_a_long_file_that_ends_within_a_cell_is_no_csv() -> None:
    with pytest.raises(Malformed):
        listed('did\n4420\n"4421\n')
