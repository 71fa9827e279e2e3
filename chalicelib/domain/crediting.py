"""Credits of single charges: how much may be credited, and what that makes of the charge (rules: Credits). Writes nothing."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from . import money
from .errors import Conflict, Fault, Invalid
from .ledger import Entry, credit_key, opposite_of


class CreditRequest(NamedTuple):
    """What to credit of a charge. Without `retail` all that is left of it, without `cost` as much of the cost as of the retail.

    `recharge` voids the charge, so that a Run Package charges its due date again; then nothing may be left.
    """

    reason: str
    retail: Decimal | None = None
    cost: Decimal | None = None
    recharge: bool = False


class Credited(NamedTuple):
    """A credit, and the charge once it is given."""

    credit: Entry
    charge: Entry


def credit_charge(charge: Entry, asked: CreditRequest, *, credit_id: str, at: datetime, day: date, by: str) -> Credited:
    """Credit what is asked for of a charge.

    Raises `Conflict` not_creditable for what is no charge or a negative line, not_posted for a charge that is held or cancelled,
    over_credited beyond what is left; `Invalid` for a recharge while something stays charged.
    """
    _demand_creditable(charge)
    if asked.recharge and charge.kind == "one_off":
        raise Invalid(
            [Fault("/recharge", "is for what a Run Package can charge again: credit this charge without it, and post another one")]
        )
    retail, cost = _amounts(charge, asked)
    if asked.recharge and (retail, cost) != (charge.left_retail, charge.left_cost):
        raise Invalid([Fault("/recharge", "is for a credit of all that is left: leave retail and cost out")])
    given = opposite_of(charge, retail, cost, at=at, day=day, by=by)._replace(
        key=credit_key(day, credit_id), kind="credit", credits=charge.entry_id, reason=asked.reason, recharge=asked.recharge
    )
    return Credited(given, charge.after_credit(retail, cost, voided=asked.recharge))


def _demand_creditable(charge: Entry) -> None:
    if charge.line is None:
        raise Conflict(f"only a charge can be credited, which this {charge.kind} is not", code="not_creditable")
    if charge.takes_back:
        raise Conflict("a negative line can't be credited; credit the charges that it takes from", code="not_creditable")
    if charge.status != "posted":
        raise Conflict(f"the charge is {charge.status}: nothing of it is posted", code="not_posted")


def _amounts(charge: Entry, asked: CreditRequest) -> tuple[Decimal, Decimal]:
    """The retail and the cost to credit; both are zero or more, and one of them is above zero."""
    left_retail, left_cost = charge.left_retail, charge.left_cost
    retail = left_retail if asked.retail is None else asked.retail
    if not (left_retail or left_cost) or retail > left_retail:
        raise _over_credited(charge)
    cost = asked.cost
    if cost is None:
        cost = money.share_of(left_cost, retail, left_retail) if left_retail else left_cost
    if cost > left_cost:
        raise _over_credited(charge)
    if not (retail or cost):
        raise Invalid([Fault("/cost", "must be above zero where no retail is left")])
    return retail, cost


def _over_credited(charge: Entry) -> Conflict:
    left = {"retail": money.text(charge.left_retail), "cost": money.text(charge.left_cost)}
    told = f"{money.shown(charge.left_retail, charge.currency)} {charge.currency}"
    cost = f"{money.shown(charge.left_cost, charge.currency)} of its cost"
    return Conflict(f"{told} is left of the charge, and {cost}", code="over_credited", left=left)
