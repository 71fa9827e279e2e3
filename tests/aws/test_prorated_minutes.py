"""Free minutes of parts of a period, over HTTP (rules 4: Free Minutes): what a late start or a pause leaves of an allotment, and what
has to be paid first."""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.aws.dated import Assigned, Calendar, calendar_from

TEN_MINUTES: Final = 10
IN_THE_MIDDLE: Final = {"from": "2031-03-11", "until": "2031-03-20", "paused": True}
OVER_A_DUE_DATE: Final = {"from": "2031-03-20", "until": "2031-04-05", "paused": True}


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Iterator[Calendar]:
    with calendar_from("2031-03-01", monkeypatch) as made:
        yield made


def assign(calendar: Calendar, proration: str, **fields: Any) -> Assigned:
    """Ten minutes a month for 31.00, due on the 1st."""
    package = calendar.package(retail="31", type="free_minutes", frequency="monthly", frequency_match=[1], proration=proration)
    return calendar.assign(package, free_minutes=TEN_MINUTES, **fields)


def free(calendar: Calendar, seconds: int, day: str = "") -> int:
    """How much of a call is free; without a day it is one of today."""
    started = day or str(calendar.stage.today)
    call = {
        "call_id": f"{started}:{seconds}",
        "started_at": f"{started}T09:00:00Z",
        "destination": "4412",
        "seconds": seconds,
        "charge": "9",
    }
    answer = calendar.ask("POST", "/customers/{customer_id}/usage", {"calls": [call]})
    return int(answer["calls"][0]["free_seconds"])


def test_a_bucket_that_begins_in_a_period_has_its_part(calendar: Calendar) -> None:
    """10 minutes x 21/31, rounded down; all of them from the next due date on."""
    assign(calendar, "daily", start_date="2031-03-11")
    calendar.go_to("2031-03-31")
    assert free(calendar, 1000) == 406
    calendar.go_to("2031-04-01")
    assert free(calendar, 1000) == 600


def test_without_proration_the_first_bucket_is_whole(calendar: Calendar) -> None:
    assign(calendar, "none", start_date="2031-03-11")
    calendar.go_to("2031-03-31")
    assert free(calendar, 1000) == 600


def test_while_its_part_is_not_paid_a_bucket_gives_nothing(calendar: Calendar) -> None:
    calendar.ask("PATCH", "/customers/{customer_id}", {"debit_limit": "0"})
    assign(calendar, "daily", start_date="2031-03-11", auto_decrement_credit=True)
    calendar.go_to("2031-03-11")
    (held,) = calendar.ask("GET", "/held")["items"]
    assert (held["kind"], held["retail"]) == ("proration", "21.00")
    assert free(calendar, 100) == 0
    calendar.ask("POST", "/customers/{customer_id}/payments", {"amount": "21", "reference": "cash"})
    calendar.go_to("2031-03-12")
    assert free(calendar, 100) == 100


@pytest.mark.parametrize(("used", "left"), [(100, 112), (212, 0), (300, 0)])
def test_after_a_pause_what_was_used_before_it_counts(calendar: Calendar, used: int, left: int) -> None:
    """The bucket of 03-21 has 10 minutes x 11/31 = 212 seconds."""
    assign(calendar, "daily", terms=[IN_THE_MIDDLE])
    calendar.go_to("2031-03-10")
    assert free(calendar, used) == used
    calendar.go_to("2031-03-15")
    assert free(calendar, 50) == 0
    calendar.go_to("2031-03-21")
    assert free(calendar, 1000) == left


def test_without_proration_a_pause_begins_no_bucket(calendar: Calendar) -> None:
    assign(calendar, "none", terms=[IN_THE_MIDDLE])
    assert free(calendar, 100) == 100
    calendar.go_to("2031-03-21")
    assert free(calendar, 1000) == 500


@pytest.mark.parametrize(("proration", "seconds"), [("none", 0), ("daily", 500)])
def test_a_due_date_that_was_skipped_fills_nothing(calendar: Calendar, proration: str, seconds: int) -> None:
    """With proration the first day after the pause begins a bucket of 25/30."""
    assign(calendar, proration, terms=[OVER_A_DUE_DATE])
    calendar.go_to("2031-04-06")
    assert free(calendar, 1000) == seconds
    calendar.go_to("2031-05-01")
    assert free(calendar, 1000) == 600


def test_after_a_pause_its_part_has_to_be_paid_too(calendar: Calendar) -> None:
    calendar.ask("PATCH", "/customers/{customer_id}", {"debit_limit": "31"})
    assign(calendar, "daily", terms=[OVER_A_DUE_DATE], auto_decrement_credit=True)
    calendar.go_to("2031-03-02")
    calendar.ask("PATCH", "/customers/{customer_id}", {"debit_limit": "0"})
    calendar.go_to("2031-04-06")
    assert [(one["date"], one["kind"]) for one in calendar.ask("GET", "/held")["items"]] == [("2031-04-06", "proration")]
    assert free(calendar, 100) == 0


def test_a_late_call_draws_from_the_bucket_of_its_day(calendar: Calendar) -> None:
    """It was drawn before the pause, whenever it is told."""
    assign(calendar, "daily", terms=[IN_THE_MIDDLE])
    calendar.go_to("2031-03-22")
    assert free(calendar, 100, "2031-03-10") == 100
    assert free(calendar, 1000) == 112
