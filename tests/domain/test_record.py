"""rules 6: what a run's record says of its pieces and of its lines."""

from decimal import Decimal

import pytest

from chalicelib.domain.deciding import DecisionKind
from chalicelib.domain.record import RESULT_FAILURES_MAX, Failure, Result, Step, WorkResult, each_once, merged_results, summed_work
from chalicelib.domain.report import Outcome, Status, Totals
from tests.domain.build import day, priced


def failures(count: int, customer: str) -> tuple[Failure, ...]:
    return tuple(Failure(customer, f"{n}", day("2024-01-01"), "contention", "busy") for n in range(count))


def totals(retail: int, lines: int) -> Totals:
    return Totals(retail=Decimal(retail), lines=lines)


def test_the_pieces_of_a_run_add_up_by_currency() -> None:
    pieces = [Result({"USD": totals(10, 1), "EUR": totals(7, 2)}), Result({}), Result({"USD": totals(5, 3)})]
    assert merged_results(pieces) == Result({"USD": totals(15, 4), "EUR": totals(7, 2)}, (), 0)


def test_failures_are_counted_all_and_listed_in_order_up_to_100() -> None:
    one, two = failures(60, "one"), failures(60, "two")
    found = merged_results([Result({}, one, 60), Result({}, two, 70)])
    assert found.failures == (*one, *two[:40])
    assert (len(found.failures), RESULT_FAILURES_MAX, found.failed) == (100, 100, 130)


def test_a_run_without_pieces_brought_nothing() -> None:
    assert merged_results([]) == Result({}, (), 0)


@pytest.mark.parametrize(
    ("kind", "status", "said", "charged_before"),
    [
        ("charge", "posted", "posted", False),
        ("repeat", "repeat", "repeat", True),
        ("retry", "held", "held", False),
        ("skip", None, "skipped", True),
        ("charge", "already_charged", "already_charged", True),
        ("charge", None, "no_longer_due", False),
        ("written_off", None, "written_off", False),
        ("recharge", "repeat", "repeat", False),
    ],
    ids=[
        "a first charge",
        "a charge again",
        "a held one tried",
        "one left alone",
        "C-one that another run was quicker with",
        "C-one that an edit took away",
        "B5-one written off",
        "B5-one written off and charged all the same",
    ],
)
def test_the_outcome_of_a_step(kind: DecisionKind, status: Status | None, said: Status, charged_before: bool) -> None:
    line = priced()
    assert Step(line, kind, "key", status).outcome == Outcome(line, said, charged_before)


def test_what_several_customers_brought_adds_up() -> None:
    lost = failures(3, "one")
    found = summed_work(
        [WorkResult(Result({"USD": totals(10, 1)}, lost, 3), held=2, parked=1), WorkResult(Result({"EUR": totals(5, 4)}), held=5)]
    )
    assert found == WorkResult(Result({"USD": totals(10, 1), "EUR": totals(5, 4)}, lost, 3), held=7)
    assert (found.posted, found.failed) == (5, 3)
    assert found._replace(parked=1).failed == 2


def test_a_charge_told_twice_counts_once_as_posted_where_it_was() -> None:
    ours, others = priced(), priced()._replace(customer_id="other")
    held, posted, again = (Step(ours, "charge", "key", status) for status in ("held", "posted", "held"))
    strange, second = Step(others, "charge", "key", "posted"), Step(ours, "charge", "key-2", "held")
    assert list(each_once([held, strange, posted, again, second])) == [posted, strange, second]
