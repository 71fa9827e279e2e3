"""Bodies of requests about assignments and their terms."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field

from ..domain import assignment, money
from ..domain.amending import DATED_FIELDS, FIRST_VALUES, TERMS_ENTRIES_MAX, first_terms_faults
from ..domain.assignment import Assignment, TermsEntry
from ..domain.errors import Fault, Invalid
from .bodies import Body, merge_patch, parse
from .field_values import json_value
from .fields import Day, Did, Flag, FreeMinutes, Id, KnownDid, MinimumDays, Percent, Price, Quantity, Reason

EDITABLE: Final = ("start_date", "end_date", "charge_from", "setup_cost", "setup_retail", *FIRST_VALUES)
"""The fields of an assignment that an edit may change."""


class FirstValues(Body):
    """The dated fields that an assignment has from its start date on."""

    quantity: Quantity = 1
    retail: Price | None = None
    cost: Price | None = None
    discount: Percent = money.ZERO
    auto_decrement_credit: Flag = False
    free_minutes: FreeMinutes | None = None


class TermsBody(FirstValues):
    """Terms of an assignment from a day on. Fields that are left out stay as they are; null is a value."""

    paused: Flag = False
    until: Day | None = None

    def entry(self, begins: date) -> TermsEntry:
        """The terms from `begins` on."""
        named = [name for name in DATED_FIELDS if name in self.model_fields_set]
        return TermsEntry(begins, self.until, {name: getattr(self, name) for name in named})


class TermsEdit(TermsBody):
    """Terms that begin on the day in the path."""

    confirm_backlog: Flag = False
    reason: Reason | None = None


class LaterTerms(TermsBody):
    """Terms that an assignment is made with, and that begin later."""

    since: Annotated[Day, Field(alias="from")]


class AssignedFields(Body):
    """What an assignment is made of besides its package, by itself or as a row of a file."""

    did: Did | None = None
    quantity: Quantity = 1
    start_date: Day
    end_date: Day | None = None
    auto_decrement_credit: Flag = False
    free_minutes: FreeMinutes | None = None
    minimum_days: MinimumDays | None = None
    charge_from: Day | None = None
    retail: Price | None = None
    cost: Price | None = None
    discount: Percent = money.ZERO
    setup_cost: Price | None = None
    setup_retail: Price | None = None
    confirm_backlog: Flag = False

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """End against start, minimum days against DID."""
        return assignment.assignment_faults(values)

    def applied(self, old: Assignment) -> Assignment:
        """The assignment with the fields that an edit may change."""
        return old._replace(**{name: getattr(self, name) for name in EDITABLE})

    def drafted(self, customer_id: str, package_id: str) -> Assignment:
        """A new assignment, still without id."""
        return self.applied(Assignment(customer_id, "", package_id, self.start_date, self.did))


class AssignmentBody(AssignedFields):
    """An assignment as callers write it."""

    package_id: Id
    terms: Annotated[list[LaterTerms], Field(max_length=TERMS_ENTRIES_MAX, default=[])]

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Also terms against the start date, and against each other."""
        yield from super().cross(values)
        yield from first_terms_faults(values.get("start_date"), [one.since for one in values.get("terms", ())])

    def draft(self, customer_id: str) -> Assignment:
        """A new assignment with its later terms, still without id."""
        later = tuple(sorted((one.entry(one.since) for one in self.terms), key=_begins))
        return self.drafted(customer_id, self.package_id)._replace(terms=later)


def _begins(entry: TermsEntry) -> date:
    return entry.begins


class AssignmentEdit(AssignedFields):
    """An assignment as an edit leaves it: its DID, which never changes, may be one that can't be assigned any more."""

    package_id: Id
    did: KnownDid | None = None


def edited_assignment(old: Assignment, patch: Any) -> Assignment:
    """The assignment with a merge patch of its fields. Raises `Invalid`, also for what never changes.

    Its minimum days are the package's, so they are not said again.
    """
    shown = {name: json_value(getattr(old, name)) for name in ("package_id", "did", *EDITABLE)}
    body = parse(AssignmentEdit, merge_patch(shown, patch))
    given: dict[str, object] = {"package_id": body.package_id, "did": body.did}
    given |= {} if body.minimum_days is None else {"minimum_days": body.minimum_days}
    moved = [name for name, value in given.items() if value != getattr(old, name)]
    faults = [Fault(f"/{name}", "never changes; end this assignment and make another") for name in moved]
    if faults:
        raise Invalid(faults)
    return body.applied(old)
