"""300 random stories against the independent model, and proof that the comparison notices a wrong rule."""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

import pytest

from .books import Books
from .ledgers import Customer, Entry
from .rulebook import Assignment, Call, Line
from .runs import Run
from .story import Differs, tell

BLOCKS = 6
SEQUENCES = 50
HAPPENS = {
    "assign", "import", "evaluate", "ahead", "run", "run of all", "run again", "reverse", "write off", "usage", "price", "pay", "limit",
    "simulate", "change end_date", "change start_date", "change quantity", "delete assignment", "line posted", "line repeat",
    "line held", "line skipped", "line simulated", "assign: did_in_use", "assign: backlog", "reshape: package_in_use",
}  # fmt: skip
"""What has to happen in each block, or the stories are not worth much."""


@pytest.fixture(autouse=True)
def quiet() -> Iterable[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_service_and_the_model_come_to_the_same(block: int) -> None:
    happened = sum((tell(seed) for seed in range(block * SEQUENCES, (block + 1) * SEQUENCES)), Counter[str]())
    assert happened.keys() >= HAPPENS, HAPPENS - happened.keys()


class EqualDoesNotFit(Customer):
    def fits(self, amount: Fraction) -> bool:
        return super().fits(amount) and (not amount or self.debit_limit is None or self.balance - amount > -self.debit_limit)


class LimitPassed(Books):
    """A debit that goes exactly to the limit is held."""

    def pay(self, customer_id: str, amount: Fraction) -> None:
        self.customers[customer_id].__class__ = EqualDoesNotFit
        super().pay(customer_id, amount)


class HeldAfterwards(Books):
    """The day's own charges come before held ones."""

    def evaluate(self, day: date) -> None:
        held = {name: customer.held() for name, customer in self.customers.items()}
        self._retry, kept = (lambda *_: None), self._retry  # type: ignore[method-assign]
        super().evaluate(day)
        self._retry = kept  # type: ignore[method-assign]
        for name, entries in held.items():
            self._retry(self.customers[name], entries, f"daily:{day}")


class HeldDropped(Books):
    """What does not fit is forgotten."""

    def _retry(self, customer: Customer, held: Iterable[Entry], run_id: str) -> None:
        return


class RepeatsForgotten(Books):
    """What stands is left alone although it should be charged again."""

    def _decide(self, line: Line, standing: Entry | None, again: bool, written_off: bool) -> str | None:
        return super()._decide(line, standing, False, written_off)


class ReversedWhole(Books):
    """A reversal gives back the retail of what was never debited."""

    def reverse(self, run_id: str) -> None:
        run = self.runs.get(run_id, Run(run_id, []))
        for customer_id, entry in [] if run.reversed_ else run.entries:
            self.customers[customer_id].balance += entry.retail if not entry.credit_change else 0
        super().reverse(run_id)


class OwnMinutesFirst(Books):
    """A customer's own minutes come before those of the DID."""

    def _order(self, one: Assignment, call: Call) -> tuple[object, ...] | None:
        order = super()._order(one, call)
        return order and (not order[0], *order[1:])


@pytest.mark.parametrize("wrong", [LimitPassed, HeldAfterwards, HeldDropped, RepeatsForgotten, ReversedWhole, OwnMinutesFirst])
def test_a_wrong_rule_is_noticed(wrong: type[Books]) -> None:
    for seed in range(500):
        try:
            tell(seed, wrong)
        except Differs:
            return
    pytest.fail(f"nobody noticed {wrong.__doc__}")
