"""Two stores behind one client: a segment's own customers and ledger, and what all segments share.

So a large provider is evaluated segment by segment, without all of it in memory at once, and what charges cost is counted
apart from what runs cost.
"""

from functools import partial
from typing import Any, Final, NamedTuple

from chalicelib.storage.keys import ACCOUNTS, LEDGER, TABLES
from tests.world.dynamodb import DynamoDb

OWN: Final = (ACCOUNTS, LEDGER)


class Counts(NamedTuple):
    """Requests and units."""

    requests: int = 0
    write_requests: int = 0
    write_units: float = 0
    read_units: float = 0
    bytes_read: int = 0

    def __add__(self, other: object) -> "Counts":
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts._make(a + b for a, b in zip(self, other, strict=True))


def counts(store: DynamoDb) -> Counts:
    """What a store has counted."""
    meter = store.meter
    return Counts(sum(meter.requests.values()), meter.writes, meter.write_units, meter.read_units, meter.bytes_read)


def forget(*stores: DynamoDb) -> None:
    """Count from zero."""
    for store in stores:
        store.meter = type(store.meter)()


class Split:
    """A client. `own` holds the accounts and the ledger of the segment at hand, `shared` all other tables."""

    def __init__(self) -> None:
        self.own = DynamoDb(TABLES)
        self.shared = DynamoDb(TABLES)

    def __getattr__(self, operation: str) -> Any:
        return partial(self.call, operation)

    def call(self, operation: str, **arguments: Any) -> Any:
        """Carry out a call where its tables are. A scan of a segment is one of the whole own store."""
        if operation == "scan":
            arguments |= {"Segment": 0, "TotalSegments": 1}
        store = self.own if _table(arguments) in OWN else self.shared
        return getattr(store, operation)(**arguments)


def _table(arguments: dict[str, Any]) -> str:
    if "TransactItems" in arguments:
        ((_, arguments),) = arguments["TransactItems"][0].items()
    return next(iter(arguments["RequestItems"])) if "RequestItems" in arguments else str(arguments["TableName"])
