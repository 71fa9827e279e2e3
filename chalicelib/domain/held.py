"""What held charges come to."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from . import money
from .ledger import Entry


class HeldSums(NamedTuple):
    """How many charges are held, the due date of the oldest, and how many they are and their retail by currency. `is_whole` unless there
    are more than were summed up."""

    charges: int
    oldest: date | None
    by_currency: dict[str, tuple[int, Decimal]]
    is_whole: bool


def sums_of_held(held: Iterator[Entry], most: int) -> HeldSums:
    """The sums of the first of them, `most` at most."""
    oldest, by_currency, charges = None, dict[str, tuple[int, Decimal]](), 0
    for entry in islice(held, most):
        charges += 1
        oldest = min(oldest or entry.date, entry.date)
        count, retail = by_currency.get(entry.currency, (0, money.ZERO))
        by_currency[entry.currency] = count + 1, money.plus(retail, entry.retail)
    return HeldSums(charges, oldest, dict(sorted(by_currency.items())), next(held, None) is None)
