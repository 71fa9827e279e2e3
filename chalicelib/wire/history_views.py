"""Items of history as callers read them."""

from __future__ import annotations

from ..domain.history import FieldChange, HistoryItem
from . import answers
from .field_values import fields_of, iso


def history_view(item: HistoryItem) -> answers.HistoryItem:
    """A change, with who made it and when."""
    return fields_of(
        answers.HistoryItem,
        item.change,
        history_id=item.history_id,
        at=item.at,
        by=item.by,
        changes=[field_change_view(one) for one in item.change.fields],
    )


def field_change_view(one: FieldChange) -> answers.FieldChange:
    """A field that changed."""
    return {"field": one.field, "from": iso(one.begins), "before": one.before, "after": one.after}
