"""Request bodies of what is written into a customer's ledger by hand."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..domain import money, one_off
from ..domain.crediting import CreditRequest
from ..domain.errors import Fault
from ..domain.one_off import OneOffRequest
from .bodies import Body
from .fields import AccountingCode, Amount, Day, Flag, Name, PositivePrice, Price, Quantity, Reason, Text


class PaymentBody(Body):
    """A payment, or a correction when negative."""

    amount: Amount
    reference: Text = ""


class AdjustmentBody(Body):
    """A change of the balance that is no payment."""

    amount: Amount
    reason: Reason


class OneOffBody(Body):
    """A one-off charge."""

    description: Name
    retail: Price
    cost: Price = money.ZERO
    quantity: Quantity = 1
    date: Day | None = None
    auto_decrement_credit: Flag = False
    account_code: AccountingCode | None = None
    tax_code: AccountingCode | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Together the prices come to something."""
        if values.keys() >= {"retail", "cost", "quantity"}:
            yield from one_off.price_faults(values["retail"], values["cost"], values["quantity"])

    def request(self, today: Day) -> OneOffRequest:
        """What to charge, with what is left out."""
        fields = {name: getattr(self, name) for name in OneOffBody.model_fields}
        return OneOffRequest(**fields | {"date": self.date or today})


class CreditBody(Body):
    """A credit of a charge."""

    retail: PositivePrice | None = None
    cost: Price | None = None
    recharge: Flag = False
    reason: Reason

    def request(self) -> CreditRequest:
        """What to credit."""
        return CreditRequest(self.reason, self.retail, self.cost, self.recharge)
