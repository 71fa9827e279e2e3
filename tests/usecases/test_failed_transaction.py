"""A customer's charges in several transactions of which one fails: the run tells those that stand, and keeps the others for the next."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.storage import runs
from chalicelib.usecases import posting
from tests.world.dynamodb import Request
from tests.world.stage import Stage

DAYS = 3


@pytest.mark.parametrize("failing", range(DAYS))
def test_what_stands_is_told_and_the_rest_is_charged_by_the_next_run(failing: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    stage.customer("ann")
    stage.package("line", retail=Decimal(1), frequency="daily")
    stage.assign("a", "ann", "line", auto_decrement_credit=True)
    stage.evaluate("first")
    stage.today += timedelta(days=DAYS)
    monkeypatch.setattr(posting, "TRANSACTION_ACTIONS_MAX", 2)  # a charge and its debit
    sent = []

    def fails(request: Request, carry_out: Callable[[], Any]) -> Any:
        if any(one.get("Put", {}).get("TableName", "").endswith("ledger") for one in request.arguments.get("TransactItems", ())):
            sent.append(request)
            if len(sent) == failing + 1:
                raise RuntimeError("lost")
        return carry_out()

    stage.store.hook = fails
    stage.evaluate("second")
    run = runs.find_run(stage.db, f"daily:{stage.today}")
    assert run is not None
    assert run.result is not None
    assert (sum(one.lines for one in run.result.totals.values()), run.result.failed) == (failing, DAYS - failing)
    assert len(stage.store.items("ledger")) == 1 + failing
    stage.store.hook = None
    stage.next_day()
    stage.evaluate("third")
    assert len(stage.store.items("ledger")) == 1 + DAYS + 1
