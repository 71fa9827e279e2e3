"""One line an invocation, whatever happens in it; and what metrics are made of."""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import logging_context, metrics
from chalicelib.domain.errors import BillingError, NotFound
from chalicelib.domain.record import Failure, Result, WorkResult
from chalicelib.domain.report import Totals
from chalicelib.logging_context import LogContext

Json = dict[str, Any]
SECRET = "canary-5f0c"


class Context(NamedTuple):
    function_name: str = "stack-function"
    aws_request_id: str = "own-id"


class Lines(logging.Handler):
    """Keeps each line as it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging_context.logger.registered_formatter)
        self.found: list[Json] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(json.loads(self.format(record)))


@pytest.fixture
def lines() -> Iterator[list[Json]]:
    handler = Lines()
    logger = logging.getLogger(logging_context.logger.service)
    logger.addHandler(handler)
    yield handler.found
    logger.removeHandler(handler)


def work_result(*, failures: int = 0, **fields: Any) -> WorkResult:
    totals = {"USD": Totals(retail=Decimal("10.123456"), held=Decimal(5), lines=3), "EUR": Totals(retail=Decimal("0.10"), lines=1)}
    failed = tuple(Failure(f"c{n}", None, date(2031, 1, 31), "parked", "too many") for n in range(failures))
    return WorkResult(Result(totals, failed, failures), **fields)


def fine(log: LogContext) -> None:
    log.add(customer="acme", run_id=None)


def refused(log: LogContext) -> None:
    raise NotFound(f"there is no {SECRET}")


def broken(log: LogContext) -> None:
    raise KeyError("currency")


def answered_refusal(log: LogContext) -> None:
    log.fail(NotFound(f"there is no {SECRET}"))


def answered_failure(log: LogContext) -> None:
    try:
        broken(log)
    except KeyError as error:
        log.fail(error)


def posted(log: LogContext) -> None:
    log.add_work(work_result(held=2))


def posted_in_part(log: LogContext) -> None:
    log.add_work(work_result(failures=30, parked=30, swept=40, owed=30, left=0))


def posted_nothing(log: LogContext) -> None:
    log.add_work(None)


COUNTS = {"posted": 4, "held": 0, "failed": 0, "parked": 0}


@pytest.mark.parametrize(
    ("work", "level", "fields"),
    [
        (fine, "INFO", {"customer": "acme"}),
        (refused, "WARNING", {"code": "not_found"}),
        (broken, "ERROR", {"exception_name": "KeyError"}),
        (answered_refusal, "INFO", {"code": "not_found"}),
        (answered_failure, "ERROR", {"exception_name": "KeyError"}),
        (posted, "INFO", COUNTS | {"held": 2}),
        (posted_in_part, "WARNING", COUNTS | {"parked": 30, "swept": 40, "owed": 30, "segments_left": 0}),
        (posted_nothing, "INFO", {}),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_an_invocation_has_one_line(lines: list[Json], work: Callable[[LogContext], None], level: str, fields: Json) -> None:
    own = {"function": "stack-function", "request_id": "theirs", "function_request_id": "own-id", "correlation_id": "together"}
    raised = work in (refused, broken)
    try:
        with logging_context.invocation("run", Context(), correlation_id="together", request_id="theirs") as log:
            work(log)
    except (BillingError, KeyError):
        assert raised
    else:
        assert not raised
    (line,) = lines
    extra = {name: line.pop(name, None) for name in ("service", "timestamp", "cold_start", "ms", "exception", "failures")}
    assert line == {"level": level, "message": "run", **own, **fields}
    assert isinstance(extra["ms"], int)
    assert ("Traceback" in (extra["exception"] or "")) == (level == "ERROR")
    assert len(extra["failures"] or ()) == (20 if work is posted_in_part else 0)
    assert SECRET not in json.dumps(line)


def test_the_function_s_own_request_id_stands_alone(lines: list[Json]) -> None:
    with logging_context.invocation("run", Context(), correlation_id="c"):
        pass
    (line,) = lines
    assert (line["request_id"], "function_request_id" in line) == ("own-id", False)


def test_only_the_first_invocation_is_a_cold_start(lines: list[Json]) -> None:
    for _ in range(3):
        with logging_context.invocation("run", Context(), correlation_id="c"):
            pass
    assert [line["cold_start"] for line in lines][1:] == [False, False]


@pytest.mark.parametrize(
    ("given_id", "taken"),
    [
        ("a.B_1:-", True), ("x" * 64, True),
        ("x" * 65, False), ("", False), (None, False), ("a b", False), ("a\nb", False), ("a\n", False), ("é", False), ("٣", False),
    ],
    ids=repr,
)  # fmt: skip
def test_a_correlation_id_is_taken_if_it_can_be_one(given_id: str | None, taken: bool) -> None:
    assert logging_context.valid_correlation_id(given_id, "other") == (given_id if taken else "other")


def emitted(told: str) -> list[Json]:
    return [json.loads(line) for line in told.splitlines()]


def test_metrics_of_a_sweep(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")
    metrics.of_charges(work_result(held=2, parked=1, failures=3, swept=40, owed=5, left=7), 12.5)
    counts, dollars, euros = emitted(capsys.readouterr().out)
    (directive,) = counts["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"], counts["service"]) == ("PackagesBilling", [["service"]], "a-stack")
    assert {metric["Name"]: (metric["Unit"], counts[metric["Name"]]) for metric in directive["Metrics"]} == {
        "ChargesPosted": ("Count", [4.0]), "ChargesHeld": ("Count", [2.0]), "ChargesFailed": ("Count", [2.0]),
        "CustomersParked": ("Count", [1.0]), "AssignmentsSwept": ("Count", [40.0]), "AssignmentsOwed": ("Count", [5.0]),
        "SegmentsLeft": ("Count", [7.0]), "SweepTime": ("Milliseconds", [12.5]),
    }  # fmt: skip
    for line, currency, retail in ((dollars, "USD", 10.123456), (euros, "EUR", 0.1)):
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert [set(names) for names in directive["Dimensions"]] == [{"service", "Currency"}]
        assert (line["Currency"], line["service"], line["Retail"]) == (currency, "a-stack", [retail])


def test_what_is_no_sweep_tells_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.of_charges(WorkResult(Result({"USD": Totals(held=Decimal(9))}), held=1), 12.5)
    (line,) = emitted(capsys.readouterr().out)
    assert {"AssignmentsSwept", "AssignmentsOwed", "SegmentsLeft", "SweepTime", "Retail"}.isdisjoint(line)
    assert (line["ChargesPosted"], line["ChargesHeld"]) == ([0.0], [1.0])


@given(st.integers(0, 10**6))
def test_days_late_is_one_metric(days: int) -> None:
    found: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", found.append)
        metrics.of_lateness(days)
    (line,) = map(json.loads, found)
    assert line["DaysLate"] == [float(days)]
