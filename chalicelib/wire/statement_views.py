"""Statements as callers read them: JSON values, and the rows of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import cast

from ..domain import money
from ..domain.ledger import Entry
from ..domain.minutes import DayTotal
from ..domain.statement import Statement, StatementGroup, StatementLine, StatementSection, Sums
from . import answers
from .csv_out import Json, to_csv
from .views import usage_day_view

_STATEMENT_COLUMNS = (
    "section", "package_id", "package_name", "did", "kind", "quantity", "unit_retail", "discount", "times", "date", "posted_at", "retail",
    "credit_change", "balance", "text", "entry_id", "of_entry_id", "spend", "seconds", "free_seconds", "calls",
)  # fmt: skip


def statement_view(value: Statement, *, cost: bool) -> answers.StatementOfLedger:
    """The parts of a statement that are in the ledger; with costs and margins only where they are asked for."""
    return {
        "opening_balance": money.text(value.opening),
        "closing_balance": money.text(value.closing),
        "to_be_invoiced": money.text(value.to_be_invoiced),
        "totals": _sums_view(value.sums, cost=cost),
        "charges": [_statement_group_view(one, cost=cost) for one in value.groups],
        "sections": [_section_view(one, cost=cost) for one in value.sections],
    }


def _sums_view(sums: Sums, *, cost: bool) -> answers.StatementSums:
    shown: answers.StatementSums = {
        "times": sums.times, "retail": money.text(sums.retail), "credit_change": money.text(sums.credit_change),
    }  # fmt: skip
    if cost:
        shown |= {"cost": money.text(sums.cost), "margin": money.text(money.minus(sums.retail, sums.cost))}
    return shown


def _statement_group_view(group: StatementGroup, *, cost: bool) -> answers.StatementGroup:
    return {
        "package_id": group.package_id, "package_name": group.package_name, "did": group.did,
        "lines": [_statement_line_view(one, cost=cost) for one in group.lines], **_sums_view(group.sums, cost=cost),
    }  # fmt: skip


def _statement_line_view(line: StatementLine, *, cost: bool) -> answers.StatementLine:
    return {
        "kind": line.kind, "quantity": line.quantity, "unit_retail": money.text(line.unit_retail), "discount": money.text(line.discount),
        **_sums_view(line.sums, cost=cost),
    }  # fmt: skip


def _section_view(section: StatementSection, *, cost: bool) -> answers.StatementSection:
    listed = [_statement_entry_view(one, cost=cost) for one in section.entries]
    return {"kind": section.kind, "entries": listed, **_sums_view(section.sums, cost=cost)}


def _statement_entry_view(entry: Entry, *, cost: bool) -> answers.StatementEntry:
    shown: answers.StatementEntry = {
        "entry_id": entry.entry_id, "date": entry.date.isoformat(), "posted_at": entry.posted_at, "retail": money.text(entry.retail),
        "credit_change": money.text(entry.credit_change), "text": _text_of(entry),
        "of_entry_id": entry.reverses or entry.credits,
    }  # fmt: skip
    if entry.line:
        shown |= {"quantity": entry.line.quantity, "unit_retail": money.text(entry.line.unit_retail)}
    if cost:
        shown["cost"] = money.text(entry.cost)
    return shown


def _text_of(entry: Entry) -> str | None:
    return entry.line.package_name if entry.line else entry.reference or entry.reason


def statement_usage_view(days: Iterable[tuple[date, DayTotal]]) -> answers.StatementUsage:
    """The usage of some days, with its sums."""
    found = list(days)
    listed = [{name: value for name, value in usage_day_view(day, None, total).items() if name != "did"} for day, total in found]
    return {
        "days": cast(list[answers.StatementUsageDay], listed),
        "spend": money.text(money.total(total.charge for _, total in found)),
        "seconds": sum(total.seconds for _, total in found),
        "free_seconds": sum(total.free_seconds for _, total in found),
        "calls": sum(total.calls for _, total in found),
    }


def statement_csv(body: Json) -> str:
    """A statement as a file: a row for each line, entry and day, and one for each balance. What a section is of, `section` says."""
    return to_csv(_STATEMENT_COLUMNS, _statement_rows(body))


def _statement_rows(body: Json) -> Iterator[Json]:
    yield {"section": "opening_balance", "date": body["from"], "balance": body["opening_balance"]}
    for group in body["charges"]:
        of_group = {name: group[name] for name in ("package_id", "package_name", "did")}
        yield from ({"section": "charges", **of_group, **line} for line in group["lines"])
    for section in body["sections"]:
        yield from ({"section": "entries", "kind": section["kind"], **entry} for entry in section["entries"])
    yield {"section": "closing_balance", "date": body["to"], "balance": body["closing_balance"]}
    yield {"section": "to_be_invoiced", "retail": body["to_be_invoiced"]}
    yield from ({"section": "usage", **day} for day in body["usage"]["days"])
