"""Replacements and transfers as what callers read."""

from __future__ import annotations

from collections.abc import Sequence

from ..domain import money, wording
from ..domain.assignment import Assignment
from ..domain.charging import Line
from ..domain.prices import in_force
from ..domain.replacing import PricedHandover
from ..domain.terms import terms_on
from . import answers
from .field_values import fields_of
from .views import package_view


def handover_view(value: PricedHandover, *, dry_run: bool) -> answers.Handover:
    """Both sides of a replacement or transfer, and what each is charged around that day."""
    step = value.handover
    new_id = None if dry_run else step.new.assignment_id
    replaced_by = None if dry_run else step.old.replaced_by
    left, taken = (package_view(in_force(one, step.new.start_date)) for one in (value.old_package, value.new_package))
    return {
        "old": fields_of(answers.HandedOver, step.old, paused=_begins_paused(step.old), replaced_by=replaced_by, package=left),
        "new": fields_of(answers.HandedOver, step.new, paused=_begins_paused(step.new), assignment_id=new_id, package=taken),
        "old_lines": [coming_line_view(line) for line in value.old_lines],
        "new_lines": [coming_line_view(line) for line in value.new_lines],
    }


def _begins_paused(one: Assignment) -> bool:
    return terms_on(one, one.start_date).paused


def coming_line_view(value: Line) -> answers.ComingLine:
    """A line as it will be, as things stand."""
    return fields_of(answers.ComingLine, value, explanation=wording.explanation(value))


def tried_assignment_view(lines: Sequence[Line], currency: str, *, needs_confirmation: bool) -> answers.TriedAssignment:
    """What an assignment would charge at once."""
    return {
        "dry_run": True, "currency": currency, "due_dates": len({line.due_date for line in lines}),
        "retail": money.text(money.total(line.retail for line in lines)), "cost": money.text(money.total(line.cost for line in lines)),
        "needs_confirmation": needs_confirmation, "lines": [coming_line_view(line) for line in lines],
    }  # fmt: skip
