"""Customers as callers read them."""

from __future__ import annotations

from ..domain.account import Account, Threshold
from . import answers
from .field_values import fields_of


def customer_view(value: Account) -> answers.Customer:
    """A customer with the balance as it stands."""
    notices = value.balance_notices
    own = None if notices is None else [balance_notice_view(one) for one in notices]
    return fields_of(answers.Customer, value, held_charges=value.held, balance_notices=own)


def balance_notice_view(one: Threshold) -> answers.BalanceNotice:
    """A threshold of a low balance."""
    return fields_of(answers.BalanceNotice, one)
