"""The body of a closing."""

from typing import Annotated

from pydantic import Field

from ..domain.closing import CLOSING_ASSIGNMENTS_MAX
from .bodies import Body
from .fields import Day, Id


class SeenAssignment(Body):
    """An assignment as a dry run has shown it."""

    assignment_id: Id
    version: Annotated[int, Field(ge=1, strict=True)]


class ClosingBody(Body):
    """The last day of a customer who leaves; to carry it out, also what a dry run has shown."""

    on: Day
    assignments: Annotated[list[SeenAssignment], Field(max_length=2 * CLOSING_ASSIGNMENTS_MAX)] | None = None
