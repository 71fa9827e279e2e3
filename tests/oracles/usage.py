"""Free minutes and spend a second time, in naive words (rules 4: Free Minutes, Minimum Spend).

A world hears one call after the other and remembers what it was told and what was drawn. Days are walked one by one,
amounts are fractions, and candidates are compared pair by pair. Shares nothing with what it checks; which days are due
it asks the oracle of the schedule.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import lru_cache

from .charges import ONE_DAY, Terms, half_up, is_due
from .charges import charges as told_charges

FAR = date(2900, 1, 1)
"""Later than anything that refills or ends here."""
_FURTHEST = 800


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """An assignment that gives minutes. `prefixes` are the digits of its destination; none: every number."""

    name: str
    did: str | None
    prefixes: tuple[str, ...]
    minutes: int
    frequency: str
    match: tuple[int, ...]
    start: date
    end: date | None = None

    def is_due(self, day: date) -> bool:
        return is_due(self.frequency, self.match, self.start, day)

    def is_valid(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A call as it was told, on its billing day."""

    name: str
    day: date
    destination: str
    seconds: int
    charge: Fraction
    did: str | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a call costs, and (bundle, seconds) in the order in which they were taken."""

    free: int
    billable: int
    charge: Fraction
    drawn: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A bucket on a day: when it began, when it refills and when it is gone; `FAR` for never."""

    begins: date
    refills: date
    gone: date


@lru_cache(maxsize=100_000)
def standing(bundle: Bundle, day: date) -> Standing | None:
    """The bucket that the bundle has on a day: back to its last refill, forth to its next or to its end."""
    if not bundle.is_valid(day):
        return None
    begins = day
    while begins > bundle.start and not bundle.is_due(begins):
        begins -= ONE_DAY
    following = day + ONE_DAY
    while following <= min(day + _FURTHEST * ONE_DAY, bundle.end or FAR):
        if bundle.is_due(following):
            return Standing(begins=begins, refills=following, gone=following)
        following += ONE_DAY
    return Standing(begins=begins, refills=FAR, gone=bundle.end + ONE_DAY if bundle.end else FAR)


def longest_prefix(bundle: Bundle, number: str) -> int | None:
    """How many digits of the number the bundle's best prefix has; None: it doesn't serve it."""
    lengths = [len(prefix) for prefix in bundle.prefixes or ("",) if number[: len(prefix)] == prefix]
    return max(lengths, default=None)


@dataclass
class World:
    """One customer's bundles, and all that came of the calls heard so far."""

    bundles: list[Bundle]
    used: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    heard: dict[str, tuple[Heard, Answer]] = field(default_factory=dict)

    def hear(self, call: Heard) -> Answer:
        """What the call costs. One that was heard already changes nothing and is answered as then."""
        if call.name not in self.heard:
            self.heard[call.name] = (call, self._rate(call))
        return self.heard[call.name][1]

    def _rate(self, call: Heard) -> Answer:
        drawn = []
        left = call.seconds
        for bundle in self._in_turn(call) if call.charge else ():
            taken = self._take(bundle, call.day, left)
            if taken:
                drawn.append((bundle.name, taken))
            left -= taken
        free = call.seconds - left
        charge = half_up(call.charge * left / call.seconds) if free else call.charge
        return Answer(free=free, billable=left, charge=charge, drawn=tuple(drawn))

    def _take(self, bundle: Bundle, day: date, wanted: int) -> int:
        """Second by second would be the same."""
        found = standing(bundle, day)
        assert found is not None
        there = bundle.minutes * 60 - self.used[bundle.name, found.begins]
        taken = max(0, min(there, wanted))
        self.used[bundle.name, found.begins] += taken
        return taken

    def _in_turn(self, call: Heard) -> Iterator[Bundle]:
        """The bundles that serve the call, the one that goes first taken out again and again."""
        waiting = [bundle for bundle in self.bundles if self._serves(bundle, call)]
        while waiting:
            first = waiting[0]
            for other in waiting[1:]:
                first = other if self._goes_before(other, first, call) else first
            waiting.remove(first)
            yield first

    def _serves(self, bundle: Bundle, call: Heard) -> bool:
        mine = bundle.did is None or bundle.did == call.did
        return mine and bundle.is_valid(call.day) and longest_prefix(bundle, call.destination) is not None

    def _goes_before(self, one: Bundle, other: Bundle, call: Heard) -> bool:
        if (one.did is None) != (other.did is None):
            return one.did is not None
        lengths = [longest_prefix(bundle, call.destination) or 0 for bundle in (one, other)]
        if lengths[0] != lengths[1]:
            return lengths[0] > lengths[1]
        gone = [found.gone for bundle in (one, other) if (found := standing(bundle, call.day))]
        return gone[0] < gone[1] if gone[0] != gone[1] else one.name < other.name

    def used_on(self, bundle: Bundle, day: date) -> int:
        """The seconds used of the bucket that the bundle has on a day."""
        found = standing(bundle, day)
        return self.used.get((bundle.name, found.begins), 0) if found else 0

    def spend(self, did: str | None = None) -> dict[date, Fraction]:
        """What was billed a day, of the customer or of one DID."""
        spent: dict[date, Fraction] = defaultdict(Fraction)
        for call, answer in self._of(did):
            spent[call.day] += answer.charge
        return dict(spent)

    def totals(self, did: str | None = None) -> dict[date, tuple[Fraction, int, int, int]]:
        """Spend, seconds, free seconds and calls of each day with calls."""
        found = {}
        for day, spent in self.spend(did).items():
            of_day = [(call, answer) for call, answer in self._of(did) if call.day == day]
            found[day] = (spent, sum(call.seconds for call, _ in of_day), sum(answer.free for _, answer in of_day), len(of_day))
        return found

    def _of(self, did: str | None) -> list[tuple[Heard, Answer]]:
        return [(call, answer) for call, answer in self.heard.values() if did is None or call.did == did]


__all__ = ["FAR", "Answer", "Bundle", "Heard", "Standing", "Terms", "World", "longest_prefix", "standing", "told_charges"]
