"""Request bodies of long work."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field

from ..domain.errors import Fault
from ..domain.events import EventType
from ..domain.export import POSTED_EXPORTS, ExportFormat, ExportWhat
from ..domain.importing import ImportOf
from .bodies import Body
from .fields import Currency, Day, Did, Id, Price


class ExportBody(Body):
    """An export; of the ledger and the journal, of what was posted on some days, both included."""

    what: ExportWhat
    format: ExportFormat = "csv"
    posted_from: Day | None = None
    posted_to: Day | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """Days are given where something is posted, and are in order."""
        posted = values.get("what") in POSTED_EXPORTS
        for name in ("posted_from", "posted_to"):
            given = values.get(name, "faulty")
            if posted and given is None:
                yield Fault(f"/{name}", "is required for ledger and journal")
            if "what" in values and not posted and given not in (None, "faulty"):
                yield Fault(f"/{name}", "is for ledger and journal only: others are exported as they are now")
        first, last = values.get("posted_from"), values.get("posted_to")
        if first and last and last < first:
            yield Fault("/posted_to", f"lies before posted_from, {first}")


class AuditBody(Body):
    """An audit of due dates, both included; of one customer or all. Without `to` through the last evaluated day."""

    since: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None
    customer: Id | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """The last day against the first."""
        since, to = values.get("since"), values.get("to")
        if since and to and to < since:
            yield Fault("/to", f"lies before from, {since}")


class ImportBody(Body):
    """An import whose file is put into the bucket."""

    kind: ImportOf


class ReplayBody(Body):
    """Events of some days, both included, to be sent again; without `types` those that the deployment tells."""

    since: Annotated[Day, Field(alias="from")]
    to: Day
    types: Annotated[list[EventType], Field(min_length=1)] | None = None

    @classmethod
    def cross(cls, values: Mapping[str, Any]) -> Iterator[Fault]:
        """The last day against the first."""
        since, to = values.get("since"), values.get("to")
        if since and to and to < since:
            yield Fault("/to", f"lies before from, {since}")


class CarrierNumber(Body):
    """A row of a carrier's list of numbers. `cost` is for a month; the rest is compared only where it is said."""

    did: Did
    cost: Price | None = None
    currency: Currency | None = None
    customer_id: Id | None = None
