"""One-off charges: what somebody charges a customer by hand, without a package (rules: One-off charges and adjustments)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from . import money
from .account import Account
from .charging import Line
from .errors import Fault
from .warning import BillingWarning, below_cost_warning

NO_PACKAGE: Final = ""


class OneOffRequest(NamedTuple):
    """What to charge. `retail` and `cost` are the prices of one unit, `date` is the date that the charge carries."""

    description: str
    date: date
    retail: Decimal
    cost: Decimal = money.ZERO
    quantity: int = 1
    auto_decrement_credit: bool = False
    account_code: str | None = None
    tax_code: str | None = None


def price_faults(retail: Decimal, cost: Decimal, quantity: int) -> Iterator[Fault]:
    """What is wrong with the prices of a one-off charge: it has to come to something, and below the largest amount."""
    if not (retail or cost):
        yield Fault("/retail", "must be above zero, or the cost must be")
    highest = max(retail, cost)
    if money.times(highest, Decimal(quantity)) >= money.AMOUNT_MAX:
        yield Fault("/quantity", f"{quantity} x {money.text(highest)} is not below {money.text(money.AMOUNT_MAX)}")


def one_off_line(account: Account, asked: OneOffRequest, charge_id: str) -> Line:
    """The charge, priced."""
    quantity = Decimal(asked.quantity)
    return Line(
        customer_id=account.customer_id,
        assignment_id=charge_id,
        package_id=NO_PACKAGE,
        package_name=asked.description,
        did=None,
        kind="one_off",
        due_date=asked.date,
        currency=account.currency,
        quantity=asked.quantity,
        unit_cost=asked.cost,
        unit_retail=asked.retail,
        cost=money.times(asked.cost, quantity),
        retail=money.times(asked.retail, quantity),
        auto_decrement_credit=asked.auto_decrement_credit,
        frequency="none",
        frequency_match=(),
        start_date=asked.date,
        account_code=asked.account_code,
        tax_code=asked.tax_code,
    )


def one_off_warnings(asked: OneOffRequest, currency: str) -> Iterator[BillingWarning]:
    """Warns of a retail below the cost."""
    if asked.retail < asked.cost:
        yield below_cost_warning("retail", asked.retail, asked.cost, currency)
