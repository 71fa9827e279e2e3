"""Prices and terms as they were entered at an instant (rules: Audit). Ends and setup prices of an assignment are not dated.

Instants are text, ISO 8601 in UTC, and compare as they were.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from .assignment import Assignment, TermsEntry
from .package import Package, PriceList

IN_THE_MAKING: Final = timedelta(minutes=15)
"""A charge may be made by facts that were so much older than itself: no invocation takes longer."""

_Dated = PriceList | TermsEntry


class Facts(NamedTuple):
    """An assignment and its package."""

    assignment: Assignment
    package: Package


def instants(facts: Facts) -> list[str]:
    """When prices and terms were entered or superseded, oldest first."""
    one, package = facts
    found: set[str] = set()
    dated: tuple[Iterable[_Dated], ...] = (one.terms, one.superseded_terms, package.price_lists, package.superseded_lists)
    for lists in dated:
        for each in lists:
            found.add(each.entered_at)
            found.add(each.superseded_at or "")
    return sorted(found - {""})


def as_of(facts: Facts, instant: str) -> Facts:
    """The facts with the prices and terms that were entered by then and not superseded."""
    one, package = facts
    terms = [each for each in (*one.terms, *one.superseded_terms) if _stood(each, instant)]
    lists = [each for each in (*package.price_lists, *package.superseded_lists) if _stood(each, instant)]
    return Facts(
        one._replace(terms=tuple(sorted(terms, key=lambda each: each.begins))),
        package._replace(price_lists=tuple(sorted(lists, key=lambda each: each.begins))),
    )


def _stood(dated: _Dated, instant: str) -> bool:
    return dated.entered_at <= instant and not (dated.superseded_at and dated.superseded_at <= instant)


def made_since(recorded_at: str, begun_at: str | None) -> str:
    """The earliest instant at which a charge may have been planned that was recorded at one, by a run that began at another."""
    earliest = (datetime.fromisoformat(recorded_at) - IN_THE_MAKING).isoformat()
    return min(earliest, begun_at or earliest)


def known_while_made(facts: Facts, since: str, recorded_at: str) -> list[Facts]:
    """The states of the facts from one instant to another, newest first."""
    times = [since, *(instant for instant in instants(facts) if since < instant <= recorded_at)]
    return [as_of(facts, instant) for instant in reversed(times)]
