"""When a low balance is told, and when that it is restored (rules: Low balance)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.account import Account, Threshold
from chalicelib.domain.low_balance import (
    Thresholds,
    after_watch,
    available,
    default_thresholds,
    is_reviewed,
    parse_thresholds,
    thresholds_of,
    watch,
)

from .build import account


def moved(one: Account, change: Decimal) -> tuple[Account, str | None]:
    """The account after a move, and what is told of it: `low 80`."""
    watched = watch(one, {}, change)
    crossing = watched.crossing if watched else None
    told = f"{crossing.type.removeprefix('balance.')} {crossing.threshold.below:f}" if crossing else None
    return after_watch(one, watched)._replace(balance=one.balance + change), told


MOVES: list[tuple[str, str, str | None, list[tuple[int, str | None]]]] = [
    ("falls below one", "80;50", None, [(100, None), (90, None), (70, "low 80")]),
    ("falls below the other later", "80;50", None, [(100, None), (70, "low 80"), (60, None), (40, "low 50")]),
    ("falls below both at once: the lowest is named", "80;50", None, [(100, None), (40, "low 50")]),
    ("at the threshold it is not below", "80", None, [(100, None), (80, None), (79, "low 80"), (80, "restored 80")]),
    ("moves around it", "80/100", None, [(100, None), (70, "low 80"), (90, None), (75, None), (99, None), (100, "restored 80")]),
    ("told again after it was restored", "80/100", None, [(70, "low 80"), (100, "restored 80"), (70, "low 80")]),
    ("both restored: the highest is named", "80/100;50/60", None, [(40, "low 50"), (70, "restored 50"), (120, "restored 80")]),
    ("restored at once: the highest is named", "80/100;50/60", None, [(40, "low 50"), (100, "restored 80")]),
    ("the limit counts", "20", "50", [(0, None), (-30, None), (-31, "low 20"), (-30, "restored 20")]),
    ("below zero, of whom no limit is known", "-100", None, [(0, None), (-100, None), (-101, "low -100")]),
    ("no thresholds", "", None, [(100, None), (-100, None)]),
]  # fmt: skip


@pytest.mark.parametrize(("thresholds", "limit", "balances"), [case[1:] for case in MOVES], ids=[case[0] for case in MOVES])
def test_rules_4_each_fall_and_each_recovery_is_told_once(
    thresholds: str, limit: str | None, balances: list[tuple[int, str | None]]
) -> None:
    one = account(balance=str(balances[0][0]), debit_limit=limit)
    one = one._replace(balance_notices=parse_thresholds(thresholds) if thresholds else ())
    for balance, expected in balances:
        one, told = moved(one, balance - one.balance)
        assert told == expected, balance


amounts = st.integers(-60, 120).map(Decimal)
some_thresholds = st.lists(
    st.tuples(amounts, st.integers(0, 40).map(Decimal)).map(lambda pair: Threshold(pair[0], sum(pair, Decimal(0)))),
    max_size=5, unique_by=lambda one: one.below,
).map(tuple)  # fmt: skip


class Watcher:
    """An oracle: one threshold, and whether it is low, by the sentence that says when."""

    def __init__(self, threshold: Threshold) -> None:
        self.threshold, self.low = threshold, False

    def sees(self, amount: Decimal) -> str | None:
        if self.low and amount >= self.threshold.restored_at:
            self.low = False
            return "restored"
        if not self.low and amount < self.threshold.below:
            self.low = True
            return "low"
        return None


@given(some_thresholds, st.none() | st.integers(0, 30).map(Decimal), st.lists(amounts, max_size=15))
def test_rules_4_what_is_told_is_what_each_threshold_by_itself_sees(
    thresholds: Thresholds, limit: Decimal | None, balances: list[Decimal]
) -> None:
    one, watchers = Account("c", "USD", debit_limit=limit, balance_notices=thresholds), [Watcher(each) for each in thresholds]
    for balance in balances:
        one, told = moved(one, balance - one.balance)
        seen = [(each.sees(balance + (limit or 0)), each.threshold.below) for each in watchers]
        low, restored = ([below for what, below in seen if what == kind] for kind in ("low", "restored"))
        assert told == (f"low {min(low):f}" if low else f"restored {max(restored):f}" if restored else None)
        if told:
            assert set(one.low) == {each.threshold.below for each in watchers if each.low}


@given(some_thresholds, st.none() | st.integers(0, 30).map(Decimal), amounts, amounts, amounts)
def test_rules_4_within_the_bounds_nothing_changes_and_beyond_them_it_does(
    thresholds: Thresholds, limit: Decimal | None, first: Decimal, change: Decimal, other: Decimal
) -> None:
    """What the condition of an update says: a balance between the bounds, and none beyond, tells nothing either."""
    one, _ = moved(Account("c", "USD", debit_limit=limit, balance_notices=thresholds), first)
    watched = watch(one, {}, change)
    if watched is None or watched.crossing:
        return
    inside = (watched.least is None or other >= watched.least) and (watched.under is None or other < watched.under)
    assert inside == (moved(one, other - one.balance)[1] is None)


def test_rules_4_thresholds_of_the_deployment_are_for_whoever_has_none() -> None:
    defaults = default_thresholds("USD:20/50;5 EUR:7")
    twenty = (Threshold(Decimal(20), Decimal(50)), Threshold(Decimal(5), Decimal(5)))
    assert defaults == {"USD": twenty, "EUR": (Threshold(Decimal(7), Decimal(7)),)}
    assert thresholds_of(account(), defaults) == twenty
    assert thresholds_of(account(currency="GBP"), defaults) == ()
    assert thresholds_of(account()._replace(balance_notices=()), defaults) == ()
    assert watch(account()._replace(balance_notices=()), defaults, Decimal(-99)) is None


@pytest.mark.parametrize("text", ["USD:50/20", "USD:", "USD", "USD:x", "USD:1/2/3", "USD:1;;2"])
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says, packaging tells how it is written
        default_thresholds(text)


def test_rules_4_only_edits_of_the_limit_or_of_thresholds_are_looked_at() -> None:
    one = account(entries=True)._replace(balance_notices=(Threshold(Decimal(20), Decimal(50)),))
    assert not is_reviewed(one._replace(entries=False), one._replace(entries=False, debit_limit=Decimal(5)), {})
    assert is_reviewed(one, one._replace(debit_limit=Decimal(5)), {})
    assert is_reviewed(one, one._replace(balance_notices=None), {})
    assert not is_reviewed(one, one._replace(name="other"), {})
    assert not is_reviewed(account(entries=True), account(debit_limit="5"), {})
    assert is_reviewed(account(entries=True), account(debit_limit="5"), default_thresholds("USD:20"))


def test_available_is_the_balance_where_there_is_no_limit() -> None:
    assert [available(account(balance="-7", debit_limit=limit)) for limit in (None, "0", "10")] == [-7, -7, 3]
