"""Two runs of all customers at once, after a reversal: whichever looks or posts first, everybody is charged once (rules: Run Package)."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import count

from chalicelib.domain.deciding import RunRequest
from chalicelib.domain.ledger import Entry
from chalicelib.domain.package import PriceList
from chalicelib.storage import ledger
from chalicelib.usecases import customers, prices
from chalicelib.usecases.runs import on_demand, reversal

from .dynamodb import Answer, Request
from .stage import TODAY, Stage, made_once

CUSTOMERS = ("ann", "ben", "cid")


class InBetween:
    """A hook of the tables that does something else, once, before a call."""

    def __init__(self, call: int, something: Callable[[], None]) -> None:
        self.calls = 0
        self._call = call
        self._something = something

    def __call__(self, request: Request, effect: Callable[[], Answer]) -> Answer:
        self.calls += 1
        if self.calls == self._call:
            self._something()
        return effect()


def _run(stage: Stage, run_id: str) -> None:
    """Run all customers, and work off what it queued, other messages with it."""
    on_demand.run_live(stage.services, stage.context(run_id), RunRequest(None, TODAY, "skip", run_id))
    stage.work_off()


@made_once
def _reversed_and_corrected() -> Stage:
    """Everybody was charged at a wrong price, all of it was reversed, and the price corrected. Cid can't pay."""
    stage = Stage()
    for name in CUSTOMERS:
        stage.customer(name, limit="0" if name == "cid" else None)
    customers.book_payment(stage.db, stage.context("paid"), "cid", Decimal(20), "cash")
    stage.package("line", retail=Decimal(12), cost=Decimal(4), setup_retail=Decimal(5), frequency="daily")
    for name in CUSTOMERS:
        stage.assign(name, name, "line", auto_decrement_credit=True)
    _run(stage, "wrong")
    reversal.reverse(stage.services, stage.context("reverse"), "wrong")
    stage.work_off()
    customers.book_payment(stage.db, stage.context("back"), "cid", Decimal(-10), "back")
    right = PriceList(TODAY, retail=Decimal(8), cost=Decimal(4), setup_retail=Decimal(5), reason="wrong")
    prices.write_price_list(stage.db, stage.context("correct"), "line", None, right, correct=True, confirm_backlog=True)
    return stage


def _charges(stage: Stage, customer: str) -> list[Entry]:
    found = (ledger.entry_from_item(item) for item in stage.db.query_all("ledger", "#pk = :pk", {"pk": customer}))
    return [one for one in found if one.line and not one.voided]


def _state(stage: Stage) -> dict[str, Counter[tuple[str, str, str]]]:
    """What stands of each customer's charges: kind, status, retail."""
    return {
        name: Counter((one.line.kind, one.status, f"{one.retail:f}") for one in _charges(stage, name) if one.line) for name in CUSTOMERS
    }


def test_two_runs_of_all_at_once_charge_everybody_once() -> None:
    paying = Counter({("setup", "posted", "5"): 1, ("recurring", "posted", "8"): 1})
    expected = {"ann": paying, "ben": paying, "cid": Counter({("setup", "posted", "5"): 1, ("recurring", "held", "8"): 1})}
    posting = set[str | None]()
    for call in count(1):
        stage = _reversed_and_corrected()
        store = stage.store

        def other(stage: Stage = stage) -> None:
            stage.store.hook = None
            waiting, stage.queued = stage.queued, []
            _run(stage, "two")
            stage.queued = waiting

        store.hook = hook = InBetween(call, other)
        _run(stage, "one")
        store.hook = None
        if hook.calls < call:
            break
        assert _state(stage) == expected, call
        posting |= {one.run_id for name in CUSTOMERS for one in _charges(stage, name)}
    assert posting == {"one", "two"}
