"""The terms of an assignment as callers read them."""

from __future__ import annotations

from typing import cast

from ..domain.amending import DATED_FIELDS
from ..domain.assignment import TermsEntry
from ..domain.detail import Detail
from . import answers
from .field_values import fields_of, iso, json_value
from .views import warnings_view


def terms_view(detail: Detail) -> answers.Terms:
    """The terms of an assignment; `shown_on` is the first open day."""
    one = detail.assignment
    return fields_of(
        answers.Terms,
        one,
        first_open_day=detail.shown_on.isoformat(),
        first=fields_of(answers.FirstTerms, one),
        items=[_entry_of_terms(entry) for entry in one.terms],
        superseded=[_entry_of_terms(entry) for entry in one.superseded_terms],
    )


def saved_terms_view(detail: Detail) -> answers.SavedTerms:
    """The terms of an assignment as they were written."""
    return {**terms_view(detail), "effective_from": iso(detail.effective_from), "warnings": warnings_view(detail.warnings)}


def _entry_of_terms(value: TermsEntry) -> answers.TermsEntry:
    shown = {"from": value.begins.isoformat(), "until": iso(value.until)}
    shown |= {name: json_value(value.values[name]) for name in DATED_FIELDS if name in value.values}
    history = {"entered_at": value.entered_at, "superseded_at": value.superseded_at, "reason": value.reason}
    return cast(answers.TermsEntry, shown | {name: text for name, text in history.items() if text})
