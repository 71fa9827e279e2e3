"""What `Accept` chooses, without a server."""

import json
from typing import Any

import pytest
from chalice.app import Response
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.api.call import Call
from chalicelib.api.formats import ANSWER_BYTES_MAX, CSV, CSV_ROWS_MAX, HTML, JSON, chosen, write_response
from chalicelib.domain.errors import Invalid

ALL = (JSON, CSV, HTML)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON), (" ", JSON), ("*/*", JSON), ("application/json", JSON), ("application/*", JSON),
        ("text/csv", CSV), ("TEXT/CSV", CSV), (" text/csv ", CSV), ("text/csv; charset=utf-8", CSV), ("text/csv;header=present;q=0.9", CSV),
        (BROWSER, HTML), ("text/html", HTML), ("text/*", CSV), ("text/*, text/csv;q=0.1", HTML),
        ("text/csv;q=0.5, application/json;q=0.4", CSV), ("text/csv;q=0.5, application/json", JSON),
        ("text/csv;q=0.5,*/*;q=0.5", JSON), ("text/csv,*/*;q=0.1", CSV), ("*/*;q=0.1,text/csv", CSV),
        ("text/csv; q = 0.8 , application/json;q=0.7", CSV), ("text/csv;Q=0.3,application/json;q=0.2", CSV),
        ("application/json;q=0, */*", CSV), ("text/csv;q=0", JSON), ("text/csv;q=0.001,text/html;q=0", CSV),
        ("image/png", JSON), ("text/csv;q=high", CSV), ("nonsense", JSON), (",,;q=1,text/csv", CSV), ("*/csv", JSON), ("text", JSON),
    ],
)  # fmt: skip
def test_the_caller_gets_what_it_weighs_most(accept: str, expected: str) -> None:
    assert chosen(accept, ALL) == expected


def test_a_route_with_json_only_answers_json() -> None:
    assert chosen("text/csv", (JSON,)) == JSON


@given(st.text())
def test_any_header_is_read(accept: str) -> None:
    assert chosen(accept, ALL) in ALL


def test_an_answer_that_lambda_could_not_return_is_refused() -> None:
    with pytest.raises(Invalid, match="or for less") as refused:
        write_response(Response({}, {}, 200), CSV, {CSV: lambda _: "x" * ANSWER_BYTES_MAX}, "/runs/r", {})
    assert refused.value.code == "too_many"


@pytest.mark.parametrize(("status", "body"), [(202, {"status": "running"}), (201, {"a": 1})])
def test_only_the_thing_itself_is_written_in_another_form(status: int, body: dict[str, object]) -> None:
    answer = write_response(Response(body, {"Content-Type": JSON}, status), CSV, {CSV: str}, "/runs", {})
    assert (json.loads(str(answer.body)), answer.headers) == (body, {"Content-Type": JSON, "Vary": "Accept"})


def test_a_file_has_a_name_that_every_system_takes() -> None:
    answer = write_response(Response({}, {}, 200), CSV, {CSV: str}, "/runs/daily:2026-11-23/lines", {})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="runs-daily_2026-11-23-lines.csv"'


def listed(count: int, *, page: int, skipping: bool) -> list[int]:
    """A list of `count` items as CSV, of which the database gives at most `page` at once, whatever the limit."""

    def load(after: Any, limit: int) -> tuple[list[int], Any]:
        start = 0 if after is None else after if skipping else int(after["sk"])
        end = min(start + min(limit, page), count)
        return list(range(start, end)), None if end == count else end if skipping else {"pk": "p", "sk": str(end)}

    nobodys: Any = None
    answer = Call(nobodys, nobodys, {}, {}, {}, form=CSV).page("numbers", load, lambda one: one, skipping=skipping)
    assert answer.body["next_cursor"] is None
    return list(answer.body["items"])


@pytest.mark.parametrize("skipping", [False, True], ids=["keys", "numbers"])
@pytest.mark.parametrize(("count", "page"), [(0, 7), (20, 7), (21, 7), (CSV_ROWS_MAX, 3000), (CSV_ROWS_MAX, CSV_ROWS_MAX)])
def test_a_list_comes_whole_however_little_the_database_gives_at_once(count: int, page: int, skipping: bool) -> None:
    assert listed(count, page=page, skipping=skipping) == list(range(count))


@pytest.mark.parametrize("page", [3000, CSV_ROWS_MAX])
def test_a_list_of_too_many_rows_is_refused(page: int) -> None:
    with pytest.raises(Invalid, match="more than 10000 rows") as refused:
        listed(CSV_ROWS_MAX + 1, page=page, skipping=False)
    assert refused.value.code == "too_many"
