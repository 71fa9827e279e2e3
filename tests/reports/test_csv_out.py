"""CSV: what a reader of RFC 4180 gets back is what JSON says, and no cell is a formula."""

import csv
import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Invalid
from chalicelib.wire import answers, csv_out

NASTY = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "'",
    '"',
    ",",
    ";",
    " ",
    "＝",
    "＋",
    "－",
    "＠",
    "−",
    "\u202e",
    "א",
    "😀",
    "\ufeff",
    "\u200b",
    "0",
    "a",
)
STARTERS = ("=", "+", "@", "＝", "＋", "－", "＠", "−")
names = st.lists(st.sampled_from(NASTY), min_size=1).map("".join) | st.text(st.characters(codec="utf-8"), min_size=1)
amounts = st.decimals(-(10**9), 10**9, places=4, allow_nan=False).map(str)
ROWS = st.lists(st.fixed_dictionaries({"name": names, "retail": amounts, "quantity": st.integers(1, 10**6), "repeat": st.booleans()}))


def read(text: str) -> list[dict[str, str]]:
    """The rows, as any reader of CSV has them."""
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@given(ROWS)
def test_a_table_read_again_is_what_it_was_made_from(rows: list[dict[str, Any]]) -> None:
    again = read(csv_out.to_csv(("name", "retail", "quantity", "repeat"), rows))
    assert [{**one, "name": csv_out.unprotected(one["name"])} for one in again] == [
        {"name": one["name"], "retail": one["retail"], "quantity": str(one["quantity"]), "repeat": str(one["repeat"]).lower()}
        for one in rows
    ]


@given(names)
def test_no_cell_is_a_formula(name: str) -> None:
    cell = csv_out.cell(name)
    assert csv_out.unprotected(cell) == name
    assert not cell.startswith(("\t", "\r", "\n"))
    seen = re.sub(r"^[\s\ufeff\u200b]+", "", cell)
    assert not seen.startswith(STARTERS)
    assert not seen.startswith("-") or cell.removeprefix("-").replace(".", "", 1).isdecimal()


@given(names, st.sampled_from(";\t"))
def test_d9_no_cell_is_a_formula_for_who_splits_elsewhere(name: str, delimiter: str) -> None:
    """A quoted text that does not begin its cell is split like any other, at line breaks too."""
    text = csv_out.to_csv(("reference", "other", "last"), [{"reference": "a", "other": name, "last": f"b{name}"}])
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        for cell in row:
            seen = re.sub(r"^[\s\ufeff\u200b\"]+", "", cell)
            assert not seen.startswith(STARTERS), (text, cell)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x;=cmd|'/C calc'!A0", "x;'=cmd|'/C calc'!A0"), ("x;;\t=1", "x;;\t'=1"), ("x;\"=1\"", "x;'\"=1\""), ("x\n=1", "x\n'=1"),
        ("x; @A", "x;' @A"), ("x;'=1", "x;''=1"), ("a;b", "a;b"), ("a;-5", "a;'-5"), ("x;\0=1", "x;'\0=1"), ("15;31", "15;31"),
    ],
    ids=lambda text: f"D9-{text}",
)  # fmt: skip
def test_what_a_split_would_make_a_formula_is_disarmed(text: str, written: str) -> None:
    assert csv_out.cell(text) == written
    assert csv_out.unprotected(written) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-50.00", "-50.00"), ("-5", "-5"), ("0.00", "0.00"), ("Line", "Line"), ("O'Brien", "O'Brien"), ("'s Gravenhage", "'s Gravenhage"),
        ("=1+1", "'=1+1"), ("-1+1", "'-1+1"), ("+49", "'+49"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t'=1"), ("\r\n=1", "'\r\n'=1"),
        (" =1", "' =1"), ("＝1", "'＝1"), ("'=1", "''=1"), ("-", "'-"), ("--1", "'--1"), ("-1.", "'-1."), ("-١", "'-١"),
    ],
)  # fmt: skip
def test_texts_are_disarmed_and_numbers_stay_numbers(text: str, written: str) -> None:
    assert csv_out.cell(text) == written
    assert csv_out.unprotected(written) == text


def test_fields_within_fields_and_lists_have_cells() -> None:
    row = {"period": {"from": "2031-01-01", "to": "2031-02-01"}, "frequency_match": ["mon", "thu"], "did": None, "repeat": False}
    assert read(csv_out.to_csv(("did", "period_from"), [row])) == [
        {"did": "", "period_from": "2031-01-01", "period_to": "2031-02-01", "frequency_match": "mon;thu", "repeat": "false"}
    ]


def test_a_report_that_lacks_lines_is_refused_as_csv() -> None:
    with pytest.raises(Invalid, match="3 rows too many"):
        csv_out.report_csv({"lines": [], "lines_left_out": 3})


def test_sums_of_all_customers_stand_in_one_table() -> None:
    sums = {
        "currency": "USD",
        "cost": "1.00",
        "retail": "2.00",
        "margin": "1.00",
        "credit_debited": "0.00",
        "held": "0.00",
        "lines": 1,
        "below_cost": 0,
    }
    body = {"by_package": [{"package_id": "p", "package_name": "Line", **sums}], "by_customer": [{"customer": "acme", **sums}]}
    assert [(row["group"], row["package_name"], row["customer"], row["retail"]) for row in read(csv_out.report_csv(body))] == [
        ("package", "Line", "", "2.00"), ("customer", "", "acme", "2.00"),
    ]  # fmt: skip


def test_b2_a_period_has_its_last_day_beside_its_end() -> None:
    """docs/reference/csv.md: `period_through` stands beside `period_from` and `period_to`, in reports and ledgers."""
    for columns in (csv_out.columns(answers.Line), csv_out.columns(answers.LedgerEntry)):
        start = columns.index("period_from")
        assert columns[start : start + 3] == ("period_from", "period_to", "period_through")


WRITTEN = ["version", "created_at", "created_by", "updated_at", "updated_by"]
PRICED = [
    *("currency", "cost", "retail", "setup_cost", "setup_retail", "frequency", "frequency_match", "every", "connexcs_package"),
    "minimum_days",
]
COMPUTED = [
    *("assignment_id", "package_id", "package_name", "description", "did", "period_from", "period_to", "period_through", "quantity"),
    *("unit_cost", "unit_retail", "discount", "own_price", "spend", "margin", "auto_decrement_credit", "explanation"),
]
CODES = ["account_code", "tax_code"]
RULED = ["type", "destination", "minimum_spend", "proration", *CODES, "notice_days"]
HEADINGS = {
    "packages": ["package_id", "name", "description", *PRICED, *RULED, *WRITTEN],
    "assignments": [
        *("assignment_id", "customer_id", "package_id", "package_name", "did", "quantity", "start_date", "end_date"),
        *("auto_decrement_credit", "free_minutes", "minimum_days", "charge_from", "retail", "cost", "discount"),
        *("paused", "setup_cost", "setup_retail", "replaces", "replaced_by"),
        *("transferred_from", "transferred_to", "counted_from", "cancelled", "evaluate_from", *WRITTEN),
        *(f"package_{name}" for name in ("description", *PRICED, *RULED)),
        *(f"minutes_{name}" for name in ("total", "used", "remaining", "refills_on", "waiting_for_payment")),
    ],
    "entries": [
        *("entry_id", "customer_id", "kind", "date", "posted_at", "recorded_at", "recorded_by", "currency", "retail", "cost"),
        *(
            "credit_change",
            "status",
            "version",
            "repeat",
            "run_id",
            *COMPUTED,
            "credited_retail",
            "credited_cost",
            "voided",
            "reference",
            "reverses",
            "credits",
            "reason",
            "recharge",
            "cancelled_by",
            *CODES,
        ),
    ],
    "lines": [
        "customer",
        "kind",
        "due_date",
        "currency",
        "cost",
        "retail",
        "status",
        "already_charged",
        "charged",
        "difference",
        *COMPUTED,
        *CODES,
    ],
}


@pytest.mark.parametrize("name", HEADINGS)
def test_lines_end_as_rfc_4180_says_and_an_empty_list_has_its_heading(name: str) -> None:
    """Whoever reads these files by position finds each column where it was."""
    assert getattr(csv_out, f"{name}_csv")({"items": []}) == ",".join(HEADINGS[name]) + "\r\n"


def test_an_empty_summary_has_its_heading_all_the_same() -> None:
    heading = "group,package_id,package_name,customer,currency,cost,retail,margin,credit_debited,held,lines,below_cost"
    assert csv_out.report_csv({"by_package": [], "by_customer": []}) == heading + "\r\n"
