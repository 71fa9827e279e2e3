"""A customer's account and what its credit allows (rules: Auto Decrement Credit)."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from . import money
from .errors import Conflict


class Threshold(NamedTuple):
    """An available amount below which the balance is low, until it is back at `restored_at`."""

    below: Decimal
    restored_at: Decimal


class Account(NamedTuple):
    """A customer. `debit_limit` None: charges may take the balance anywhere. `held` counts held charges, `held_ever` those
    that ever were: while both stay, nothing was held or released.

    `evaluate_from` is set while the customer is parked or can't be read, and until a run has caught up; `marks` counts how often a run
    set it, or found it set. `oversize` says that an operator let the next run post more lines than the safety bound. `entries`: the
    ledger holds something that no assignment made, such as a payment, so the currency is fixed. `calls`: usage is recorded, which
    outlives the customer's calls.
    `external_id` is what another system calls the customer. It, `email`, `tags` and `notes` decide nothing here.
    `balance_notices` are the thresholds of a low balance; None: those of the deployment. Of them the balance is below those in `low`
    (rules: Low balance); `crossings` counts how often that was told.
    `with_minutes` and `without_minutes` count the `assignments` that give free minutes and those that don't. `imported` is as that of
    an assignment.
    """

    customer_id: str
    currency: str
    name: str = ""
    debit_limit: Decimal | None = None
    balance: Decimal = money.ZERO
    held: int = 0
    assignments: int = 0
    entries: bool = False
    calls: bool = False
    parked: bool = False
    oversize: bool = False
    held_ever: int = 0
    with_minutes: int = 0
    without_minutes: int = 0
    evaluate_from: date | None = None
    marks: int = 0
    email: str | None = None
    external_id: str | None = None
    tags: tuple[str, ...] = ()
    notes: str = ""
    balance_notices: tuple[Threshold, ...] | None = None
    low: tuple[Decimal, ...] = ()
    crossings: int = 0
    version: int = 1
    created_at: str = ""
    created_by: str = ""
    updated_at: str = ""
    updated_by: str = ""
    imported: str | None = None

    @property
    def has_history(self) -> bool:
        """Whether there is anything that fixes the currency and keeps the customer from being deleted."""
        return bool(self.assignments or self.entries or self.calls)

    @property
    def counts_minutes(self) -> bool:
        """Whether `with_minutes` can be relied on. Former releases moved `assignments` alone."""
        return self.with_minutes + self.without_minutes == self.assignments


def is_to_be_parked(account: Account, lines: int, lines_max: int) -> bool:
    """Whether so many lines in one evaluation are beyond the safety bound, and no operator has let them pass."""
    return lines > lines_max and not account.oversize


def demand_unparked(account: Account) -> None:
    """Raise `Conflict` parked: whoever is parked is charged by nobody."""
    if account.parked:
        raise Conflict(f"customer {account.customer_id} is parked: nothing is charged until somebody unparks it", code="parked")


class Credit(NamedTuple):
    """What debits are tried against."""

    balance: Decimal
    debit_limit: Decimal | None

    @property
    def floor(self) -> Decimal | None:
        """The lowest balance that a debit may leave."""
        return None if self.debit_limit is None else -self.debit_limit


def current_credit(account: Account) -> Credit:
    """The account's credit as it stands."""
    return Credit(account.balance, account.debit_limit)


def fits_limit(state: Credit, amount: Decimal) -> bool:
    """Whether debiting `amount` stays within the limit. What debits nothing always fits, however low the balance is."""
    return amount <= 0 or state.floor is None or money.minus(state.balance, amount) >= state.floor


def allot(state: Credit, amounts: Iterable[Decimal]) -> tuple[list[bool], Credit]:
    """Try each debit by itself, in order: which fit, and the credit left. One that doesn't fit stops none after it."""
    verdicts = []
    for amount in amounts:
        verdicts.append(fits_limit(state, amount))
        if verdicts[-1]:
            state = state._replace(balance=money.minus(state.balance, amount))
    return verdicts, state
