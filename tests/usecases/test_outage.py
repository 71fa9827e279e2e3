"""What an outage missed is charged as it would have been: the prices and terms of each day hold, whenever it is evaluated."""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, combinations
from typing import Any, Final

import pytest

from chalicelib.domain.assignment import TermsEntry
from chalicelib.domain.package import PriceList
from chalicelib.storage import accounts, ledger
from chalicelib.storage.db import decode
from chalicelib.usecases import assignments, packages, prices
from tests.world.stage import TODAY, Stage

OUTAGE: Final = (1, 2, 3)
"""Days after the first one that are not evaluated. The next one catches up."""
BACK: Final = 4
SUBSETS: Final = list(chain.from_iterable(combinations(range(BACK), size) for size in range(BACK + 1)))


def day(after: int) -> date:
    return TODAY + timedelta(days=after)


def ledger_after(missed: Collection[int]) -> tuple[list[tuple[Any, ...]], Decimal]:
    """What stands at the end of five days, of which some are not evaluated, and the balance. All edits are made on the third day."""
    stage = Stage()
    stage.customer("caller")
    stage.package("line", cost=Decimal(4), retail=Decimal(10), setup_retail=Decimal(7), frequency="daily")
    stage.package("minimum", cost=Decimal(1), retail=Decimal(20), frequency="daily", every=2, minimum_spend=True)
    stage.assign("a1", "caller", "line", auto_decrement_credit=True)
    stage.assign("a2", "caller", "minimum")
    for after in range(BACK + 1):
        stage.today = day(after)
        if after not in missed:
            stage.evaluate(f"evaluation {after}")
        if after == 2:
            edit(stage)
    entries = [ledger.entry_from_item(decode(item)) for item in stage.store.items("ledger")]
    told = [(one.key, one.status, one.cost, one.retail, one.credit_change, one.line and one.line.quantity) for one in entries]
    account = accounts.find_account(stage.db, "caller")
    assert account
    return sorted(told), account.balance


def edit(stage: Stage) -> None:
    """From the fourth day on another price, another quantity, and nothing is debited."""
    new = PriceList(day(3), retail=Decimal(12))
    prices.write_price_list(stage.db, stage.context("price"), "line", None, new, correct=False)
    changes: tuple[dict[str, Any], ...] = ({"quantity": 5}, {"auto_decrement_credit": False})
    for number, values in enumerate(changes):
        entry = TermsEntry(day(3), None, values)
        assignments.write_terms(stage.db, stage.context(f"terms {number}"), ("caller", "a1"), None, entry, False, correct=False)
    entry = TermsEntry(day(3), None, {"quantity": 3})
    assignments.write_terms(stage.db, stage.context("terms 2"), ("caller", "a2"), None, entry, False, correct=False)


def test_an_outage_with_a_price_a_quantity_and_an_auto_decrement_change_in_the_middle_leaves_no_trace() -> None:
    entries, balance = ledger_after(OUTAGE)
    assert (entries, balance) == ledger_after(())
    charged = {key[:10]: (quantity, retail) for key, _, _, retail, _, quantity in entries if "recurring~a1" in key}
    ten = Decimal(10)
    assert charged == {str(day(n)): (1, ten) for n in range(3)} | {str(day(n)): (5, Decimal(60)) for n in (3, 4)}
    assert balance == -Decimal(7) - 3 * ten


@pytest.mark.parametrize("missed", SUBSETS, ids=str)
def test_whatever_days_are_missed_the_ledger_is_the_same_in_the_end(missed: tuple[int, ...]) -> None:
    assert ledger_after(missed) == ledger_after(())


@pytest.mark.parametrize("missed", SUBSETS, ids=str)
@pytest.mark.parametrize("corrected", range(BACK))
def test_days_that_an_outage_missed_are_charged_although_later_ones_are_corrected(corrected: int, missed: tuple[int, ...]) -> None:
    stage = Stage()
    stage.customer("caller")
    stage.package("line", retail=Decimal(10), frequency="daily")
    stage.assign("a1", "caller", "line")
    for after in range(BACK):
        stage.today = day(after)
        if after not in missed:
            stage.evaluate(f"evaluation {after}")
    stage.today = day(BACK)
    entry = TermsEntry(day(corrected), None, {"auto_decrement_credit": True}, reason="agreed late")
    assignments.write_terms(stage.db, stage.context("terms"), ("caller", "a1"), None, entry, True, correct=True)
    stage.evaluate("evaluation after it")
    lines = [entry.line for entry in (ledger.entry_from_item(decode(item)) for item in stage.store.items("ledger")) if entry.line]
    charged = {line.due_date: line.auto_decrement_credit for line in lines}
    evaluated = {*range(BACK)} - {*missed}
    assert charged == {day(n): n >= corrected and n > max(evaluated, default=-1) for n in range(BACK + 1)}


def test_what_is_charged_late_is_called_what_the_package_is_called_by_then() -> None:
    """Names, descriptions and codes are those at posting; the price is that of the day."""
    stage = Stage()
    stage.customer("caller")
    stage.package("line", retail=Decimal(10), frequency="daily", account_code="4010")
    stage.assign("a1", "caller", "line")
    stage.next_day()
    new: dict[str, Any] = {"name": "Trunk", "account_code": "4020", "retail": Decimal(12)}
    packages.change_package(stage.db, stage.context("rename"), "line", None, lambda old: old._replace(**new))
    stage.evaluate()
    entries = [ledger.entry_from_item(decode(item)) for item in stage.store.items("ledger")]
    told = [(one.date, one.retail, one.line and one.line.package_name, one.account_code) for one in entries]
    assert sorted(told) == [(day(0), 10, "Trunk", "4020"), (day(1), 12, "Trunk", "4020")]
