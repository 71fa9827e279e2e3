"""No answer is larger than Lambda returns, and no refusal is much larger, or takes much more memory, than what was asked."""

import json
import tracemalloc
from typing import Any

import pytest
from chalice.app import Response

from chalicelib.api import formats, problems
from chalicelib.domain.errors import Conflict, Invalid, InvalidRows, Malformed, RowFault
from chalicelib.wire import csv_in, jsontext
from chalicelib.wire.bodies import PackageBody, RunBody, parse
from chalicelib.wire.import_rows import AssignmentRow
from tests.domain.build import priced

KB = 1024
LONG = "n" * 132_000
SURROGATE = "\\ud800"
HOSTILE = {
    "D5-a long name over 4,000 lone surrogates": f'{{"{LONG}": [{",".join([chr(34) + SURROGATE + chr(34)] * 4000)}]}}',
    "D5-a long name over 60,000 numbers": f'{{"{LONG}": [{",".join(["1"] * 60_000)}, "{SURROGATE}"]}}',
    "D5-a long name of surrogates": f'{{"{SURROGATE * 40_000}": 1}}',
    "D5-long names, nested": f'{{"{LONG[:60_000]}": {{"{LONG[:60_000]}": ["{SURROGATE}"]}}}}',
    "D5-many unknown fields": "{" + ",".join(f'"{n:05}": 1' for n in range(20_000)) + "}",
    "D5-one long unknown field": f'{{"{LONG}": 1}}',
    "D5-a long text in a field": f'{{"customer": "{LONG}"}}',
}


def refusal(body: str) -> str:
    """The problem document that `POST /runs` answers to a body."""
    try:
        parse(RunBody, jsontext.read_json(body.encode()))
    except Invalid as error:
        return str(problems.problem_response(error).body)
    raise AssertionError("it was taken")


@pytest.mark.parametrize("name", HOSTILE)
def test_d5_a_refusal_repeats_little_of_a_hostile_body(name: str) -> None:
    refusal('{"x": 1}')
    tracemalloc.start()
    answered = refusal(HOSTILE[name])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(answered) < 32 * KB
    assert peak < 24 * KB * KB
    assert json.loads(answered)["code"] == "invalid"


def test_d5_no_more_faults_are_looked_for_than_are_told() -> None:
    faults = jsontext.spoiled(["\ud800"] * 4000)
    found = Invalid(faults)
    assert [one.pointer for one in found.faults] == [*(f"/{n}" for n in range(100)), ""]
    assert found.faults[-1].detail == "and more"
    assert next(faults).pointer == "/101"


@pytest.mark.parametrize("error", [Malformed("x" * 100_000), Conflict("y" * 100_000)])
def test_d5_a_sentence_is_cut(error: Any) -> None:
    assert len(problems.problem_response(error).body) < 2 * KB


def test_d5_a_files_heading_is_not_repeated_whole() -> None:
    with pytest.raises(InvalidRows) as refused:
        csv_in.read_rows(f"{LONG[:130_000]},{LONG[:90_000]}\n1,2\n", PackageBody)
    assert len(problems.problem_response(refused.value).body) < 8 * KB


def test_d5_a_file_of_faults_only_is_refused_within_the_bound() -> None:
    """262,144 bytes of rows, each with more faults than are named of one."""
    row = "x" + "," + ";".join(["99"] * 60)
    text = "name,frequency_match\n" + "\n".join([row] * 1000)
    with pytest.raises(InvalidRows) as refused:
        csv_in.read_rows(text, PackageBody)
    assert len(json.dumps(problems.problem_response(refused.value).body)) <= formats.ANSWER_BYTES_MAX
    assert len({one.row for one in refused.value.faults if isinstance(one, RowFault)}) == 200
    assert refused.value.extra == {"errors_left_out": 800}


@pytest.mark.parametrize(("lines", "is_told"), [(10, True), (100_000, False)])
def test_d5_a_problem_that_is_too_large_is_told_without_its_parts(lines: int, is_told: bool) -> None:
    error = Conflict("it is so", code="backlog", backlog=[priced()] * lines)
    body = json.loads(problems.problem_response(error).body)
    assert (body["code"], body["detail"], body["status"]) == ("backlog", "it is so", 409)
    assert ("backlog" in body) is is_told


@pytest.mark.parametrize("offered", [{}, {formats.CSV: str}], ids=["JSON only", "JSON chosen"])
def test_c_a_json_answer_that_lambda_could_not_return_is_refused(offered: Any) -> None:
    rows = [{"text": '"' * 1000}] * 3000
    with pytest.raises(Invalid, match="page by page") as refused:
        formats.write_response(Response({"items": rows}, {}, 200), formats.JSON, offered, "/customers", {})
    assert refused.value.code == "too_many"
    assert formats.write_response(Response({"items": rows[:500]}, {}, 200), formats.JSON, offered, "/customers", {}).status_code == 200


def test_d5_rows_of_assignments_are_refused_within_the_bound() -> None:
    head = "customer_id,package_id,did,quantity,start_date,end_date,free_minutes,minimum_days,charge_from,confirm_backlog"
    with pytest.raises(InvalidRows) as refused:
        csv_in.read_rows(head + "\n" + "\n".join(["*,*,x,x,x,x,x,x,x,x"] * 1000), AssignmentRow)
    assert len(json.dumps(problems.problem_response(refused.value).body)) <= formats.ANSWER_BYTES_MAX
