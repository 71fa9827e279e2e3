"""Bodies of replacements and transfers."""

from typing import Any

from pydantic import Field

from .assignment_bodies import FirstValues
from .bodies import Body
from .fields import Day, Id, MinimumDays, Price


class ReplacementBody(FirstValues):
    """The assignment that replaces another; terms that are left out are copied from the old one."""

    package_id: Id
    start: Day = Field(alias="from")
    end_date: Day | None = None
    minimum_days: MinimumDays | None = None
    setup_cost: Price | None = None
    setup_retail: Price | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The first values that were named."""
        return {name: getattr(self, name) for name in self.model_fields_set - {"package_id", "start"}}


class TransferBody(Body):
    """To whom a DID goes, and from which day on."""

    customer_id: Id
    start: Day = Field(alias="from")
