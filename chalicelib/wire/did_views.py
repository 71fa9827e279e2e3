"""DIDs as callers read them in the list of all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from ..domain import money
from ..domain.did_summary import DidSummary
from ..domain.reconciliation import nearest
from . import answers, field_values
from .csv_out import columns, to_csv


def did_view(one: DidSummary) -> answers.DidSummary:
    """A DID with who has it."""
    return field_values.fields_of(
        answers.DidSummary, one, package_names=list(one.package_names), cost=_amount(one.cost), retail=_amount(one.retail)
    )


def _amount(value: Fraction | None) -> str | None:
    """What a month comes to, rounded once, to the decimals that amounts can have."""
    return None if value is None else money.text(nearest(value))


def dids_csv(body: Any) -> str:
    """A list of DIDs."""
    return to_csv(columns(answers.DidSummary), body["items"])
