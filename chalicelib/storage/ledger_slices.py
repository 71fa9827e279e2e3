"""The ledger of all customers, read a page at a time: what a whole table takes, and no query for each customer."""

from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ..domain.ledger import Entry
from .db import Db
from .keys import LEDGER, Key
from .ledger import entry_from_item


class LedgerSlice(NamedTuple):
    """Some entries of a customer, in their order, and the key to go on after."""

    customer_id: str
    entries: list[Entry]
    last: Key


def ledger_slices(
    db: Db, segment: tuple[int, int], after: Key | None, unreadable: Callable[[str, Exception], None]
) -> Iterator[LedgerSlice]:
    """The entries of the customers of a segment `(number, count)` of the table; those of one customer may come in several slices.

    `unreadable` is told of a slice that can't be read. Entries may come twice (`Db.segment_pages`).
    """
    for page in db.segment_pages(LEDGER, segment, after):
        for customer_id, items in groupby(page.items, key=itemgetter("pk")):
            own = list(items)
            try:
                found = [entry_from_item(item) for item in own]
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one customer must not stop the others
                unreadable(customer_id, error)
                continue
            yield LedgerSlice(customer_id, found, {"pk": customer_id, "sk": own[-1]["sk"]})
