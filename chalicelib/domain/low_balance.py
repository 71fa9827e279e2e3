"""Low balance: which thresholds a balance has fallen below, and when somebody is told (rules: Low balance). Pure.

A threshold is low from when the available amount falls below it until that is back at `restored_at`. In between nothing changes,
however the balance moves, so that each fall and each recovery is told once.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

from . import money
from .account import Account, Threshold

Thresholds = tuple[Threshold, ...]
DefaultThresholds = Mapping[str, Thresholds]
"""By currency, the thresholds of customers who have none of their own."""
CrossingType = Literal["balance.low", "balance.restored"]


class Crossing(NamedTuple):
    """A threshold that a balance falls below, or gets back to: what it was, and what it becomes."""

    type: CrossingType
    threshold: Threshold
    before: Decimal
    after: Decimal


class Watch(NamedTuple):
    """What a move of a balance depends on where there are thresholds.

    Without a `crossing`, `low` stays what it is while the balance ends at `least` or above it, and below `under`; None is no bound.
    With one, it is the crossing of the very balance that was read, and `low` is what holds then.
    """

    low: tuple[Decimal, ...]
    least: Decimal | None = None
    under: Decimal | None = None
    crossing: Crossing | None = None


def thresholds_of(account: Account, defaults: DefaultThresholds) -> Thresholds:
    """The customer's own thresholds, or those of the deployment."""
    return defaults.get(account.currency, ()) if account.balance_notices is None else account.balance_notices


def available(account: Account) -> Decimal:
    """What can still be debited; the balance where there is no limit."""
    return money.plus(account.balance, account.debit_limit or money.ZERO)


def watch(account: Account, defaults: DefaultThresholds, change: Decimal = money.ZERO) -> Watch | None:
    """What becomes of the thresholds if the balance changes by so much; None where there are none."""
    thresholds = thresholds_of(account, defaults)
    if not thresholds:
        return None
    after = account._replace(balance=money.plus(account.balance, change))
    low = tuple(one.below for one in thresholds if available(after) < _bound(one, account.low))
    crossing = _crossing(thresholds, account.low, low)
    if crossing:
        return Watch(low, crossing=Crossing(*crossing, account.balance, after.balance))
    limit = account.debit_limit or money.ZERO
    least = max((money.minus(one.below, limit) for one in thresholds if one.below not in low), default=None)
    under = min((money.minus(one.restored_at, limit) for one in thresholds if one.below in low), default=None)
    return Watch(low, least, under)


def _bound(threshold: Threshold, low: tuple[Decimal, ...]) -> Decimal:
    """The available amount from which on the threshold is not low."""
    return threshold.restored_at if threshold.below in low else threshold.below


def _crossing(thresholds: Thresholds, before: tuple[Decimal, ...], after: tuple[Decimal, ...]) -> tuple[CrossingType, Threshold] | None:
    """The lowest threshold that is low now and was not, or else the highest one that was low."""
    fallen = [one for one in thresholds if one.below in after and one.below not in before]
    risen = [one for one in thresholds if one.below in before and one.below not in after]
    if fallen:
        return "balance.low", min(fallen)
    return ("balance.restored", max(risen)) if risen else None


def is_reviewed(old: Account, new: Account, defaults: DefaultThresholds) -> bool:
    """Whether an edit changes how much is available, or the thresholds, where there are or were some. Who has yet to get a first
    package or payment is not told that nothing is left."""
    changed = (old.debit_limit, old.balance_notices) != (new.debit_limit, new.balance_notices)
    return changed and old.has_history and bool(thresholds_of(old, defaults) or thresholds_of(new, defaults))


def after_review(account: Account, watched: Watch | None) -> Account:
    """The account once such an edit is written; without thresholds nothing is low."""
    return after_watch(account, watched)._replace(low=watched.low if watched else ())


def after_watch(account: Account, watched: Watch | None) -> Account:
    """The account once a move of its balance is written."""
    if watched is None or watched.crossing is None:
        return account
    return account._replace(low=watched.low, crossings=account.crossings + 1)


def parse_thresholds(text: str) -> Thresholds:
    """`20/50;5`: below 20 and restored at 50, and below 5. Raises `ValueError`."""
    return tuple(_parse_threshold(part.strip()) for part in text.split(";"))


def _parse_threshold(text: str) -> Threshold:
    below, _, restored = text.partition("/")
    amounts = [money.parse_amount(one, signed=True) for one in (below, restored or below)]
    if amounts[1] < amounts[0]:
        raise ValueError(f"{text}: a threshold is restored at its own amount or above it")
    return Threshold(*amounts)


def default_thresholds(text: str) -> dict[str, Thresholds]:
    """`USD:20/50;5 EUR:20/50`, by currency. Raises `ValueError`."""
    return {currency: parse_thresholds(rest) for currency, _, rest in (part.partition(":") for part in text.split())}
