"""A worker that sees only a customer's newer assignments does not take the customer for caught up."""

from datetime import timedelta

from chalicelib.usecases import customers
from chalicelib.usecases.runs import daily

from .stage import TODAY, Stage

DAYS = 6


def test_what_is_owed_since_parking_outlives_a_look_at_a_part() -> None:
    """Parked by the first piece, unparked, given a package; the second piece sees this assignment alone."""
    stage = Stage(segments=1, max_lines=4)
    stage.customer("big")
    stage.package("line", retail=1, frequency="daily")
    stage.assign("a", "big", "line")
    stage.evaluate()
    for _ in range(DAYS):
        stage.next_day()

    daily.start_evaluation(stage.services, stage.context("start"), stage.today, allow_future=False)
    stage.deliver(stage.queued.pop(), seconds_left=10)
    assert len(stage.queued) == 1, "the rest of the segment is handed on"
    customers.unpark_customer(stage.db, stage.context("unpark"), "big")
    stage.assign("b", "big", "line")
    stage.work_off()
    stage.next_day()
    stage.evaluate()

    charged = sorted(item["sk"]["S"] for item in stage.store.items("ledger"))
    days = [(TODAY + timedelta(days=n)).isoformat() for n in range(DAYS + 2)]
    assert charged == sorted([f"{day}~1-recurring~a" for day in days] + [f"{day}~1-recurring~b" for day in days[-2:]])
