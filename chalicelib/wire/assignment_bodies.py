"""Bodies of requests about assignments and their terms."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final

from pydantic import Field

from ..domain import assignment, money
from ..domain.amending import DATED_FIELDS, FIRST_VALUES, TERMS_ENTRIES_MAX, first_terms_faults
from ..domain.assignment import Assignment, TermsEntry
from ..domain.errors import Fault
from .bodies import Body
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


class _Assigned(Body):
    """What an assignment is made of, by itself or as a row of a file."""

    package_id: Id
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

    def draft(self, customer_id: str) -> Assignment:
        """A new assignment, still without id."""
        return self.applied(Assignment(customer_id, "", self.package_id, self.start_date, self.did))


class AssignmentBody(_Assigned):
    """An assignment as callers write it."""

    terms: Annotated[list[LaterTerms], Field(max_length=TERMS_ENTRIES_MAX, default=[])]

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Also terms against the start date, and against each other."""
        yield from super().cross(values)
        yield from first_terms_faults(values.get("start_date"), [one.since for one in values.get("terms", ())])

    def draft(self, customer_id: str) -> Assignment:
        """A new assignment with its later terms, still without id."""
        return super().draft(customer_id)._replace(terms=tuple(sorted((one.entry(one.since) for one in self.terms), key=_begins)))


def _begins(entry: TermsEntry) -> date:
    return entry.begins


class AssignmentEdit(_Assigned):
    """An assignment as an edit leaves it: its DID, which never changes, may be one that can't be assigned any more."""

    did: KnownDid | None = None


class AssignmentRow(_Assigned):
    """An assignment as a row of a file, which says whose it is."""

    customer_id: Id
