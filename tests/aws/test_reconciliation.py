"""A carrier's list as callers send it, and what they read of it: JSON, CSV and a page, through the deployed function."""

import csv
import io
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import pytest

from chalicelib.wire.jsontext import FILE_BYTES_MAX
from tests.aws.conftest import World
from tests.aws.gateway import Event
from tests.reports.test_page import Reader
from tests.usecases.exporting import work_off
from tests.world.stage import TODAY

DAY: Final = TODAY.isoformat()
LIST: Final = (
    "\ufeffsep=;\r\ncustomer_id;cost;did;;\r\nacme;1.50;+44 20 7946-0001;;\r\n;1.20;(0044) 20.7946.0002;;\r\nother;1.20;442079460003;;\r\n"
    ";0.80;+1 212 555 0100;;\r\n;;;;\r\n"
)


@pytest.fixture
def sold(world: World) -> World:
    """A customer with five numbers."""
    world.stage.customer("acme")
    world.stage.package("number", cost=Decimal("1.20"), retail=Decimal("3.60"), frequency="monthly")
    for n in range(1, 5):
        world.stage.assign(f"number-{n}", "acme", "number", did=f"44207946000{n}")
    return world


def sent(world: World, text: str, query: Mapping[str, list[str]] | None = None, content_type: str = "text/csv") -> Event:
    return world.ask("POST", "/reconciliations", {}, query=query or {"date": [DAY]}, body=text, headers={"Content-Type": content_type})


def compared(world: World, text: str = LIST) -> dict[str, str]:
    """The id of a finished one, as a parameter of paths."""
    answer = sent(world, text)
    assert answer["statusCode"] == 202, answer
    made = json.loads(answer["body"])
    location = answer.get("headers", {}).get("Location") or answer["multiValueHeaders"]["Location"][0]
    assert location == f"reconciliations/{made['work_id']}"
    world.stage.queued_work += [json.loads(body) for body in world.queue.bodies]
    work_off(world.stage)
    return {"work_id": made["work_id"]}


def test_a_list_as_a_spreadsheet_saves_it_is_compared(sold: World) -> None:
    ids = compared(sold)
    found = sold.read("GET", "/reconciliations/{work_id}", ids)
    assert (found["status"], found["date"], found["kind"]) == ("finished", DAY, "reconciliation")
    # the world has a number of its own, 4420, that no carrier lists
    assert found["compared"] == {"listed": 4, "billed": 5, "differing": 5, "cost_not_compared": 0}
    assert {one["discrepancy"]: [each["did"] for each in one["items"]] for one in found["lists"]} == {
        "unbilled": ["12125550100"], "unlisted": ["4420", "442079460004"], "cost": ["442079460001"], "customer": ["442079460003"],
    }  # fmt: skip
    assert found["lists"][0]["items"][0]["row"] == 5
    (page,) = [sold.read("GET", "/reconciliations/{work_id}/discrepancies", ids, query={"kind": ["cost"]})]
    assert page["items"] == found["lists"][2]["items"]
    assert len(sold.read("GET", "/reconciliations/{work_id}/discrepancies", ids)["items"]) == 5


def test_the_day_is_today_unless_another_is_named(sold: World) -> None:
    for query, day in (({}, DAY), ({"date": ["2024-02-01"]}, "2024-02-01")):
        answer = sent(sold, "did\n442079460001\n", query or {})
        assert json.loads(answer["body"])["date"] == day


def test_it_is_answered_as_csv_and_as_a_page(sold: World) -> None:
    ids = compared(sold)
    sums = sold.ask("GET", "/reconciliations/{work_id}", ids, headers={"Accept": "text/csv"})["body"]
    assert [row["discrepancy"] for row in csv.DictReader(io.StringIO(sums))] == ["unbilled", "unlisted", "cost", "customer"]
    listed = sold.ask("GET", "/reconciliations/{work_id}/discrepancies", ids, headers={"Accept": "text/csv"})["body"]
    cells = list(csv.DictReader(io.StringIO(listed)))
    assert [(row["discrepancy"], row["did"], row["difference"]) for row in cells[2:4]] == [
        ("unlisted", "442079460004", ""), ("cost", "442079460001", "0.30"),
    ]  # fmt: skip
    page = Reader(sold.ask("GET", "/reconciliations/{work_id}", ids, headers={"Accept": "text/html"})["body"])
    for text in ("Comparison with the carrier, " + DAY, "Paid for and billed to nobody: 1", "12125550100", "0.80 USD", "0.30 USD"):
        assert text in page, text
    assert "not finished" not in page


def test_a_page_says_that_it_is_not_finished(sold: World) -> None:
    made = json.loads(sent(sold, "did\n442079460001\n")["body"])
    page = Reader(sold.ask("GET", "/reconciliations/{work_id}", {"work_id": made["work_id"]}, headers={"Accept": "text/html"})["body"])
    assert "It is not finished yet." in page


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("did;cost\n020 7946 0001;1.20\n", [(2, "did", "replace the 0 by the country code")]),
        ("did\n4.42079E+11\n12\n", [(2, "did", "telephone number"), (3, "did", "telephone number")]),
        ("did,cost\n442079460001,1.2.3\n", [(2, "cost", "must be an amount")]),
        ("did;cost\n442079460001;1,20\n", [(2, "cost", "must be an amount")]),
        ("did;currency\n442079460001;Dollar\n", [(2, "currency", "ISO 4217")]),
        ("did,customer_id\n442079460001,a b\n", [(2, "customer_id", "1 to 64 characters")]),
        ("did\n442079460001\n+44 20 7946 0001\n", [(3, "did", "is given in row 2 already")]),
        ("number,cost\n442079460001,1\n", [(1, "did", "is required"), (1, "number", "is not a column")]),
        ("did,cost\n442079460001\n", [(2, "", "has 1 cells, the heading has 2")]),
        ("did\n", [(1, "", "0 rows follow")]),
        ("", [(1, "", "the file is empty")]),
    ],
)  # fmt: skip
def test_faults_are_named_by_row_and_column_and_nothing_is_begun(sold: World, text: str, named: list[tuple[int, str, str]]) -> None:
    before = sold.stage.state(), dict(sold.stage.s3.objects)
    answer = sent(sold, text)
    problem: Any = json.loads(answer["body"])
    assert answer["statusCode"] == 422, problem
    assert [(one["row"], one["column"]) for one in problem["errors"]] == [(row, column) for row, column, _ in named]
    assert all(part in one["detail"] for one, (_, _, part) in zip(problem["errors"], named, strict=True))
    assert (sold.stage.state(), dict(sold.stage.s3.objects)) == before


@pytest.mark.parametrize(("text", "content_type", "status"), [
    ("did\n" + "4" * FILE_BYTES_MAX, "text/csv", 413),
    ("did\n442079460001\n", "application/json", 415),
])  # fmt: skip
def test_what_is_no_list(sold: World, text: str, content_type: str, status: int) -> None:
    assert sent(sold, text, content_type=content_type)["statusCode"] == status


def test_a_kind_that_does_not_exist_is_refused(sold: World) -> None:
    answer = sold.ask("GET", "/reconciliations/{work_id}/discrepancies", {"work_id": "x"}, query={"kind": ["price"]})
    assert "/kind: must be one of unbilled, unlisted, cost, customer" in answer["body"]
