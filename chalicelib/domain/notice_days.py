"""How many days before something a customer is told of it (rules: Notices)."""

from typing import Final, NamedTuple

DISTANCE_MAX: Final = 365
DISTANCES_MAX: Final = 5


class NoticeDays(NamedTuple):
    """How many days before charges, and before an end, a customer is told. A package may have days of its own for its charges."""

    upcoming: tuple[int, ...] = ()
    term: tuple[int, ...] = ()


def days_before(text: str) -> tuple[int, ...]:
    """Days before something, as a variable has them: whole numbers separated by spaces. Raises `ValueError`."""
    found = tuple(int(one) if one.isascii() and one.isdigit() else 0 for one in text.split())
    if len(found) > DISTANCES_MAX or len(set(found)) < len(found) or any(not 1 <= one <= DISTANCE_MAX for one in found):
        raise ValueError(f"{text}: up to {DISTANCES_MAX} different numbers of days from 1 to {DISTANCE_MAX} are needed")
    return found
