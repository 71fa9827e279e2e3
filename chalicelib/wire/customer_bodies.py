"""The body of a customer, and the types of the fields that only customers have."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

from ..domain.account import Account, Threshold
from ..domain.errors import Fault
from .bodies import READ_ONLY, Body
from .fields import HIDDEN, SHOWN, SHOWN_OR_EMPTY, Currency, Price, SignedPrice, Text, legible

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_TAG_SEPARATOR: Final = ";"
"""What separates tags in a cell of a file."""
_TAG: dict[str, Any] = {"pattern": rf"^[^{HIDDEN};\s]([^{HIDDEN};]*[^{HIDDEN};\s])?$"}
_EMAIL_PATTERN = rf"^[^@\s{HIDDEN}]+@[^@\s{HIDDEN}]+$"


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(legible(value)):
        raise ValueError("must be an e-mail address such as billing@acme.example")
    return value


def _tag(value: str) -> str:
    if legible(value) != value.strip() or _TAG_SEPARATOR in value:
        raise ValueError(f"must have no {_TAG_SEPARATOR}, and no space at its ends")
    return value


def _distinct(tags: list[str]) -> list[str]:
    if len({*tags}) < len(tags):
        raise ValueError("must not name a tag twice")
    return tags


CustomerName = Annotated[str, Field(max_length=200, strict=True, json_schema_extra=SHOWN_OR_EMPTY), AfterValidator(legible)]
ExternalId = Annotated[str, Field(min_length=1, max_length=100, strict=True, json_schema_extra=SHOWN), AfterValidator(legible)]
Email = Annotated[
    str, Field(min_length=3, max_length=254, strict=True, json_schema_extra={"pattern": _EMAIL_PATTERN}), AfterValidator(_email)
]
Tag = Annotated[str, Field(min_length=1, max_length=50, strict=True, json_schema_extra=_TAG), AfterValidator(_tag)]
Tags = Annotated[list[Tag], Field(max_length=20, json_schema_extra={"uniqueItems": True}), AfterValidator(_distinct)]


class BalanceNoticeBody(Body):
    """An available amount below which others are told that the balance is low."""

    below: SignedPrice
    restored_at: SignedPrice | None = None

    @property
    def threshold(self) -> Threshold:
        """The threshold; without `restored_at` the balance is restored at the same amount."""
        return Threshold(self.below, self.below if self.restored_at is None else self.restored_at)


class CustomerBody(Body):
    """A customer as callers write it."""

    read_only = READ_ONLY | {"customer_id", "balance", "held_charges", "parked"}

    name: CustomerName = ""
    currency: Currency | None = None
    debit_limit: Price | None = None
    email: Email | None = None
    external_id: ExternalId | None = None
    tags: Tags = Field(default=[])
    notes: Text = ""
    balance_notices: Annotated[list[BalanceNoticeBody], Field(max_length=5)] | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Each threshold once, and restored at its own amount or above it."""
        thresholds = [one.threshold for one in values.get("balance_notices") or ()]
        for n, one in enumerate(thresholds):
            if one.restored_at < one.below:
                yield Fault(f"/balance_notices/{n}/restored_at", "must not be less than `below`")
            if one.below in [other.below for other in thresholds[:n]]:
                yield Fault(f"/balance_notices/{n}/below", "must not be given twice")

    def applied(self, old: Account, default_currency: str) -> Account:
        """The customer with these fields."""
        fields = {name: getattr(self, name) for name in CustomerBody.model_fields}
        notices = None if self.balance_notices is None else tuple(one.threshold for one in self.balance_notices)
        own = {"currency": self.currency or default_currency, "tags": tuple(self.tags), "balance_notices": notices}
        return old._replace(**fields | own)
