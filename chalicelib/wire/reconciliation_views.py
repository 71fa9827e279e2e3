"""Reconciliations as callers read them, and how discrepancies are written into files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any

from ..domain import money
from ..domain.discrepancy_kinds import DiscrepancyKind
from ..domain.reconciliation import Compared, Discrepancy, Worth, nearest
from ..domain.work import WorkRecord
from . import answers
from .csv_out import columns, to_csv
from .field_values import iso
from .work_views import work_view


def reconciliation_view(
    value: WorkRecord, expires_at: datetime, compared: Compared | None, lists: Mapping[DiscrepancyKind, Any] | None
) -> answers.Reconciliation:
    """A reconciliation: how far it is, and what it found once it is finished."""
    counts: Any = compared._asdict() if compared else None
    return {
        **work_view(value), "rows": sum(_numbers(one.worth) for one in lists.values()) if lists else 0, "date": value.asked["date"],
        "expires_at": expires_at.isoformat(), "compared": counts,
        "lists": None if lists is None else [_list_view(kind, *one) for kind, one in lists.items()],
    }  # fmt: skip


def _list_view(
    kind: DiscrepancyKind, worth: Mapping[str, Worth], first: Sequence[answers.Discrepancy], left_out: int
) -> answers.DiscrepancyList:
    return {
        "discrepancy": kind, "numbers": _numbers(worth), "by_currency": [_sums_view(currency, one) for currency, one in worth.items()],
        "items": list(first), "items_left_out": left_out,
    }  # fmt: skip


def _numbers(worth: Mapping[str, Worth]) -> int:
    return sum(one.numbers for one in worth.values())


def _sums_view(currency: str, one: Worth) -> answers.DiscrepancySums:
    return {
        "currency": currency, "numbers": one.numbers, "carrier_cost": _rounded(one.carrier_cost), "cost": _rounded(one.cost),
        "retail": _rounded(one.retail), "difference": _rounded(one.difference),
    }  # fmt: skip


def discrepancy_view(one: Discrepancy) -> answers.Discrepancy:
    """A discrepancy."""
    listed = one.listed
    return {
        "discrepancy": one.kind, "did": one.did, "row": listed.row if listed else None,
        "carrier_customer_id": listed.customer_id if listed else None,
        "carrier_cost": money.text(listed.cost) if listed and listed.cost is not None else None,
        "carrier_currency": listed.currency if listed and listed.cost is not None else None,
        "customer_id": one.customer_id, "package_names": list(one.package_names), "currency": one.currency,
        "cost": _text(one.cost), "retail": _text(one.retail), "difference": _text(one.difference), "paused": one.paused,
        "last_day": iso(one.last_day),
    }  # fmt: skip


def _text(amount: Fraction | None) -> str | None:
    return None if amount is None else _rounded(amount)


def _rounded(amount: Fraction) -> str:
    """An amount, rounded once, to the decimals that amounts can have."""
    return money.text(nearest(amount))


def reconciliation_csv(body: Any) -> str:
    """The sums of a reconciliation, one row for each kind and currency."""
    return to_csv(["discrepancy", *columns(answers.DiscrepancySums)], _sums_rows(body))


def _sums_rows(body: Any) -> Iterator[dict[str, Any]]:
    for one in body["lists"] or []:
        yield from ({"discrepancy": one["discrepancy"], **sums} for sums in one["by_currency"])


def discrepancies_csv(body: Any) -> str:
    """A list of discrepancies."""
    return to_csv(columns(answers.Discrepancy), body["items"])
