"""What an error carries: its sentence, its code, and every faulty field up to a limit."""

from typing import Any

import pytest

from chalicelib.domain.errors import (
    FAULTS_MAX,
    ROW_FAULTS_MAX,
    BillingError,
    Conflict,
    Fault,
    Forbidden,
    Invalid,
    InvalidRows,
    NotFound,
    RowFault,
    Unauthenticated,
    code_and_detail,
    row_fault,
)


@pytest.mark.parametrize(
    ("kind", "given", "code", "extra"),
    [
        (NotFound, {}, "not_found", {}),
        (Conflict, {"code": "package_in_use", "assignments": 3}, "package_in_use", {"assignments": 3}),
    ],
    ids=["by its kind", "by its name"],
)
def test_an_error_says_what_is_wrong(kind: type[BillingError], given: dict[str, Any], code: str, extra: dict[str, object]) -> None:
    error = kind("there is none", **given)
    assert (error.detail, str(error), error.code, error.extra) == ("there is none", "there is none", code, extra)


def test_all_faults_are_told_in_one_sentence() -> None:
    faults = [Fault("/cost", "is no amount"), Fault("/name", "is required")]
    told = "/cost: is no amount; /name: is required"
    for error, code in ((Invalid(iter(faults)), "invalid"), (Invalid(faults, code="too_many"), "too_many")):
        assert (error.faults, error.detail, str(error), error.code) == (tuple(faults), told, told, code)


@pytest.mark.parametrize(("given", "more"), [(FAULTS_MAX, None), (FAULTS_MAX + 1, "and more"), (FAULTS_MAX + 7, "and more")])
def test_that_there_are_faults_beyond_the_limit_is_told(given: int, more: str | None) -> None:
    faults = tuple(Fault(f"/{n}", "is odd") for n in range(given))
    rest = () if more is None else (Fault("", more),)
    assert Invalid(faults).faults == faults[:FAULTS_MAX] + rest


@pytest.mark.parametrize(
    ("column", "given", "pointer"),
    [("retail", {}, "/rows/7/retail"), ("", {}, "/rows/7"), ("match", {"pointer": "/match/0"}, "/rows/7/match/0")],
    ids=["a cell", "a whole row", "a part of a cell"],
)
def test_a_fault_in_a_file_has_its_place(column: str, given: dict[str, str], pointer: str) -> None:
    assert row_fault(7, column, "is odd", **given) == RowFault(7, column, pointer, "is odd")


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [((3, 3), "1 row is not right; nothing was written"), ((9, 3), "2 rows are not right; nothing was written")],
)
def test_faulty_rows_are_counted_and_told_in_order(rows: tuple[int, ...], sentence: str) -> None:
    faults = [row_fault(row, "name", "is odd") for row in rows]
    for error, code, said in (
        (InvalidRows(iter(faults)), "invalid", sentence),
        (InvalidRows(faults, code="too_many"), "too_many", "is odd; nothing was written"),
    ):
        assert (list(error.faults), error.detail, error.code) == (sorted(faults), said, code)


@pytest.mark.parametrize(("given", "more"), [(ROW_FAULTS_MAX, ""), (ROW_FAULTS_MAX + 1, "; and 1 more in this row")])
def test_a_rows_faults_beyond_the_limit_are_counted(given: int, more: str) -> None:
    """Twice, too: a file's faults are gathered from its rows'."""
    faults = [row_fault(7, "match", "is odd", f"/match/{n:02}") for n in range(given)]
    other = row_fault(8, "name", "is odd")
    last = faults[ROW_FAULTS_MAX - 1]._replace(detail=f"is odd{more}")
    once = InvalidRows([other, *faults])
    for error in (once, InvalidRows([fault for fault in once.faults if isinstance(fault, RowFault)])):
        assert list(error.faults) == [*faults[: ROW_FAULTS_MAX - 1], last, other]
        assert error.detail == "2 rows are not right; nothing was written"


def test_a_refused_caller_is_told_what_was_missing() -> None:
    strange, known = Unauthenticated("no token", tried=False), Unauthenticated("an old token")
    assert [(e.detail, e.tried, e.code) for e in (strange, known)] == [
        ("no token", False, "unauthenticated"), ("an old token", True, "unauthenticated"),
    ]  # fmt: skip
    lacking, without = Forbidden("not yours", scope="billing:charge"), Forbidden("not yours")
    assert [(e.detail, e.scope, e.code) for e in (lacking, without)] == [
        ("not yours", "billing:charge", "forbidden"), ("not yours", "", "forbidden"),
    ]  # fmt: skip


def test_what_an_operator_reads_of_an_error() -> None:
    assert code_and_detail(NotFound("there is none")) == ("not_found", "there is none")
    assert code_and_detail(ValueError("odd")) == ("internal", "ValueError: odd")
