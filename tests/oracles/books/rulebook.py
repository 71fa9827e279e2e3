"""docs/rules.md a second time: what an assignment is charged on one day, told without the product's code.

The oracle of dated terms walks the days; here its facts are gathered from the model's packages and assignments, which change as
requests come. `books.py` puts the lines into ledgers.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from tests.oracles import dated
from tests.oracles.dated import FAR, KIND_ORDER, ONE_DAY, Bucket, Entry, PriceList, Terms


@dataclass
class Package:
    """What is sold. `lists` are its price lists; `assigned` is true once anything was assigned, for good."""

    package_id: str
    currency: str
    lists: tuple[PriceList, ...]
    frequency: str
    match: tuple[int, ...]
    minimum_days: int
    free_minutes: bool
    prefixes: tuple[str, ...]
    minimum_spend: bool
    connexcs_package: str | None
    every: int = 1
    proration: str = "none"
    assigned: bool = False
    deleted: bool = False

    def facts(self) -> dated.Package:
        """What the oracle needs to know of it."""
        return dated.Package(
            frequency=self.frequency, match=self.match, every=self.every, proration=self.proration,
            minimum_spend=self.minimum_spend, lists=self.lists,
        )  # fmt: skip


@dataclass
class Assignment:
    """`open_from` is the first day that no evaluation and no backlog has looked at; `touched` says that something was charged or drawn.

    One that goes on from another has that one `before` it, and is of the numbered `step` that made it. With `shares_minutes` it goes on
    with the minutes of the one before. An old one is `replaced_by` the new one's id, and had its `former_end`.
    """

    assignment_id: str
    customer_id: str
    package: Package
    did: str | None
    start: date
    end: date | None
    first: Terms
    minimum_days: int
    charge_from: date | None
    open_from: date
    entries: tuple[Entry, ...] = ()
    touched: bool = False
    cancelled: bool = False
    counted_from: date | None = None
    setup_cost: Fraction | None = None
    setup_retail: Fraction | None = None
    before: "Assignment | None" = field(default=None, compare=False, repr=False)
    step: int = 0
    shares_minutes: bool = False
    replaced_by: str | None = None
    former_end: date | None = None

    @property
    def first_day(self) -> date:
        """The first day that is charged here: what is due before `charge_from` was charged in another system."""
        return max(self.start, self.charge_from or self.start)

    @property
    def last_day(self) -> date:
        """The end date, or a day that never comes."""
        return self.end or FAR

    @property
    def earliest_end(self) -> date:
        """Minimum days count from the start date."""
        return self.start + self.minimum_days * ONE_DAY

    def enabled_on(self, day: date) -> bool:
        """From the start through the last day, but not on paused days."""
        return not self.cancelled and self.start <= day <= self.last_day and not self.terms_on(day).paused

    def facts(self) -> dated.Assignment:
        """What the oracle needs to know of it."""
        return dated.Assignment(
            start=self.start, end=self.end, charge_from=self.charge_from, counted_from=self.counted_from, first=self.first,
            setup_cost=self.setup_cost, setup_retail=self.setup_retail, entries=self.entries, cancelled=self.cancelled,
        )  # fmt: skip

    def terms_on(self, day: date) -> Terms:
        """What is in force on a day."""
        return dated.terms_on(self.facts(), day)

    def giver(self, since: date) -> "Assignment":
        """The assignment whose minutes of a period it uses: itself, or one before it that had begun when the period did."""
        one = self
        while one.shares_minutes and one.before and since < one.start:
            one = one.before
        return one

    def period(self, day: date) -> tuple[date, date]:
        """The neighbouring rule dates around a day."""
        return dated.period(dated.rule_of(self.package.facts(), self.facts()), day)

    def bucket(self, day: date) -> Bucket | None:
        """The minutes that can be drawn from on a day. One that goes on with minutes goes on with all that is so of them: what was used,
        what pays for them, and that there are none since their due date was skipped. With daily proration it has a part of its own."""
        package, facts = self.package.facts(), self.facts()
        found, rule = dated.bucket(package, facts, day), dated.rule_of(package, facts)
        since = dated.period(rule, day)[0] if found else day
        giver = self.giver(since)
        if found is None or giver is self:
            return found
        since = max(since, giver.start)
        if package.proration == "daily":
            return replace(found, used_since=since)
        if rule.names(since) and not dated.active_quantity(giver.facts(), since):
            return None
        return replace(found, used_since=since, begins=since, own_charge="recurring" if rule.names(since) else None)


@dataclass(frozen=True)
class Call:
    """A call as the switch reports it."""

    call_id: str
    day: date
    destination: str
    seconds: int
    charge: Fraction
    did: str | None


@dataclass
class Rated:
    """A call that is recorded: seconds taken from each assignment's minutes, and what the rest costs."""

    call: Call
    drawn: dict[str, int]
    charge: Fraction


@dataclass(frozen=True)
class Line:
    """One priced charge of a date. `nominal` is its retail before negative lines take of it. A one-off charge has no assignment, and as
    `assignment_id` an id of its own."""

    assignment: Assignment | None = field(compare=False)
    assignment_id: str
    kind: str
    day: date
    cost: Fraction
    retail: Fraction
    debit: bool
    nominal: Fraction

    @property
    def negative(self) -> bool:
        """Whether it takes back of charges."""
        return self.retail < 0 or self.cost < 0

    @property
    def made_by(self) -> str | None:
        """The id of its assignment."""
        return None if self.assignment is None else self.assignment.assignment_id

    @property
    def order(self) -> tuple[object, ...]:
        """Charges are tried by due date, negative ones first, then setups, then by assignment id."""
        return self.day, not self.negative, KIND_ORDER[self.kind], self.assignment_id


def lines_of(one: Assignment, day: date, calls: Iterable[Rated], *, free: bool = False) -> list[Line]:
    """What the assignment is charged on `day`, by the facts as they are now; lines of no amount only if `free` ones are asked for."""
    if not one.start <= day <= one.last_day + ONE_DAY:
        return []
    spend = _spend(one, calls) if one.package.minimum_spend else {}
    found = dated.lines(one.package.facts(), one.facts(), day, day, spend, free=free)
    return [Line(one, one.assignment_id, line.kind, day, line.cost, line.retail, line.auto_decrement_credit, line.retail) for line in found]


def _spend(one: Assignment, calls: Iterable[Rated]) -> dict[date, Fraction]:
    """What the customer's calls cost a day; for a DID's assignment those of the DID."""
    spent: dict[date, Fraction] = defaultdict(Fraction)
    for rated in calls:
        if one.did in (None, rated.call.did):
            spent[rated.call.day] += rated.charge
    return spent
