"""An edit while another request posts what is due: whichever comes first, what is due is charged, at the terms that then hold (rules:
Backlog)."""

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import count

import pytest

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment, TermsEntry
from chalicelib.domain.errors import NotFound
from chalicelib.storage import assignments
from chalicelib.usecases import assigning, backlog
from chalicelib.usecases.assignments import change_assignment, write_terms
from chalicelib.usecases.runs import daily

from .scheduler import Crashed
from .stage import TODAY, Stage
from .test_crashes import CrashAt
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


def _reduce(stage: Stage) -> None:
    """A correction: from yesterday on it costs 2."""
    entry = TermsEntry(TODAY - DAY, None, {"retail": Decimal(2)}, "", reason="wrong")
    write_terms(stage.db, stage.context("correct"), ("ann", "a"), None, entry, True, correct=True)


def _reduce_and_crash(stage: Stage, crash: int, seen: list[bool]) -> None:
    """The correction, which may end after one of its calls; whether it was written, and nothing posted before it."""
    posted = stage.store.items("ledger")
    stage.store.hook = CrashAt(crash, after=True)
    with suppress(Crashed, NotFound):
        _reduce(stage)
    stage.store.hook = None
    found = assignments.find_assignments(stage.db, [("ann", "a")])
    seen.append(bool(found) and found[0].version > 1 and not posted)


@pytest.mark.parametrize("crash", range(1, 12))
def test_what_is_posted_after_a_correction_is_posted_at_its_terms(crash: int) -> None:
    for call in count(1):
        stage = Stage()
        stage.customer("ann")
        stage.package("line", retail=Decimal(3), frequency="daily")
        daily.start_evaluation(stage.services, stage.context("evaluate"), TODAY, allow_future=False)
        draft = Assignment("ann", "", "line", TODAY - 2 * DAY)
        seen: list[bool] = []
        stage.store.hook = hook = InBetween(call, partial(_reduce_and_crash, stage, crash, seen))
        assigning.create_assignment(stage.db, stage.context("a"), draft, None, True)
        stage.store.hook = None
        _reduce(stage)
        stage.work_off()
        retail = [item["retail"]["N"] for item in stage.store.items("ledger")]
        if hook.calls < call:
            break
        assert retail == (["3", "2", "2"] if seen == [True] else ["3", "3", "3"]), call
    assert call > 5
