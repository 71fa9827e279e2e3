"""An edit while another one posts what is due: whichever comes first, what the edit makes due is charged (rules: Backlog)."""

from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.storage import assignments
from chalicelib.usecases import backlog
from chalicelib.usecases.assignments import change_assignment
from chalicelib.usecases.runs import daily

from .stage import TODAY, Stage
from .test_runs_at_once import InBetween

DAY = timedelta(days=1)


def _post_due(stage: Stage, read: list[Assignment]) -> None:
    """What another edit does once it is written."""
    stage.store.hook = None
    backlog.post_due(stage.db, stage.context("other"), Account("ann", "USD"), read)


def _begun() -> Stage:
    """The evaluation of today has begun, and Ann's package has nothing due. She moves its start to today, which makes its setup due."""
    stage = Stage()
    stage.customer("ann")
    stage.package("line", retail=Decimal(3), setup_retail=Decimal(5), frequency="monthly", frequency_match=(19,))
    stage.assign("a", "ann", "line", starts=-3, charge_from=TODAY - 2 * DAY)
    daily.start_evaluation(stage.services, stage.context("evaluate"), TODAY, allow_future=False)
    return stage


def test_a_mark_that_is_moved_meanwhile_hides_nothing() -> None:
    for call in count(1):
        stage = _begun()
        read = assignments.find_assignments(stage.db, [("ann", "a")])
        stage.store.hook = hook = InBetween(call, partial(_post_due, stage, read))
        change_assignment(stage.db, stage.context("move"), ("ann", "a"), None, lambda one: one._replace(start_date=TODAY), True)
        stage.store.hook = None
        stage.work_off()
        keys = [item["sk"]["S"] for item in stage.store.items("ledger")]
        assert keys == [f"{TODAY}~0-setup~a"], call
        if hook.calls < call:
            break
    assert call > 5
