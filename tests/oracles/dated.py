"""The rules of dated prices, terms, pauses, intervals and proration a second time, in naive words.

Every question is answered by walking days and asking each of them. Amounts are fractions, rounded once, at the end.
Nothing here is a formula or a type of `chalicelib.domain`: facts come in as the plain records below.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

ONE_DAY = timedelta(days=1)
A_MONDAY = date(2024, 1, 1)
FAR = date(2900, 1, 1)
"""Later than anything that falls due, refills or ends here."""
NOTHING = Fraction(0)

KIND_ORDER = {"setup": 0, "recurring": 1, "minimum_spend": 2, "proration": 5, "one_off": 7}
"""The order in which charges of one date are tried, negative ones before all of them."""
MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}


def each_day(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    day = first
    while day <= last:
        yield day
        day += ONE_DAY


def rounded(amount: Fraction) -> Fraction:
    """To 6 decimals, halves away from zero."""
    if amount < 0:
        return -rounded(-amount)
    millionths = amount * 1_000_000
    whole = millionths.numerator // millionths.denominator
    return Fraction(whole + 1 if millionths - whole >= Fraction(1, 2) else whole, 1_000_000)


# The rule


@dataclass(frozen=True)
class Rule:
    """When something charges. `match` holds weekdays 0 to 6 from Monday, or days of the month; the rule is counted from a date."""

    frequency: str
    match: tuple[int, ...]
    every: int
    counted_from: date

    def names(self, day: date) -> bool:
        """Is this day a rule date? With match days also one that lies before the date that the rule is counted from."""
        if day < self.counted_from and not self.match:
            return False
        match self.frequency:
            case "none":
                return day == self.counted_from
            case "daily":
                return (day - self.counted_from).days % self.every == 0
            case "weekly":
                weeks = (_monday(day) - _monday(self.counted_from)).days // 7
                return weeks % self.every == 0 and _weekday(day) in (self.match or (_weekday(self.counted_from),))
        months = (day.year - self.counted_from.year) * 12 + day.month - self.counted_from.month
        wanted = self.match or (self.counted_from.day,)
        return months % (self.every * MONTHS[self.frequency]) == 0 and any(_stands_for(day, number) for number in wanted)


def _weekday(day: date) -> int:
    return (day - A_MONDAY).days % 7


def _monday(day: date) -> date:
    while _weekday(day):
        day -= ONE_DAY
    return day


def _stands_for(day: date, wanted: int) -> bool:
    """Is it the wanted day, or the month's last day while the wanted one doesn't come any more?"""
    return day.day == wanted or (wanted > day.day and (day + ONE_DAY).month != day.month)


@lru_cache(maxsize=100_000)
def period(rule: Rule, day: date) -> tuple[date, date]:
    """The neighbouring rule dates P <= day < N. What recurs only once has one period without an end."""
    since, until = day, day + ONE_DAY
    while not rule.names(since):
        since -= ONE_DAY
    while not (rule.names(until) or rule.frequency == "none"):
        until += ONE_DAY
    return since, FAR if rule.frequency == "none" else until


# The facts


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """The prices that it names, of `cost`, `retail`, `setup_cost` and `setup_retail`. The first list has no date and names all."""

    begins: date | None = None
    existing: bool = True
    prices: Mapping[str, Fraction]


@dataclass(frozen=True, kw_only=True)
class Package:
    """What is sold."""

    frequency: str
    match: tuple[int, ...] = ()
    every: int = 1
    proration: str = "none"
    minimum_spend: bool = False
    lists: tuple[PriceList, ...]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What is in force on a day. Own unit prices of None are the package's; the discount is in percent."""

    quantity: int = 1
    retail: Fraction | None = None
    cost: Fraction | None = None
    discount: Fraction = NOTHING
    paused: bool = False
    auto_decrement_credit: bool = False
    free_minutes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """The values of some fields of the terms, from a day on, until a day or for good."""

    begins: date
    until: date | None = None
    values: Mapping[str, Any]

    def covers(self, day: date) -> bool:
        """Both days count."""
        return self.begins <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Who has it, and how. `first` holds where no entry does; `counted_from` is the start where nothing else is said."""

    start: date
    end: date | None = None
    charge_from: date | None = None
    counted_from: date | None = None
    first: Terms = field(default_factory=Terms)
    setup_cost: Fraction | None = None
    setup_retail: Fraction | None = None
    entries: tuple[Entry, ...] = ()
    cancelled: bool = False


def put(entries: Sequence[Entry], new: Entry) -> tuple[Entry, ...]:
    """The entries after another one was made: one with the same first day is amended field by field, and has the new end."""
    before = [entry for entry in entries if entry.begins == new.begins]
    values = {name: value for entry in [*before, new] for name, value in entry.values.items()}
    return (*(entry for entry in entries if entry.begins != new.begins), replace(new, values=values))


# What is in force on a day


def rule_of(package: Package, assignment: Assignment) -> Rule:
    """The rule that the assignment is charged by."""
    return Rule(package.frequency, package.match, package.every, assignment.counted_from or assignment.start)


def rule_dates(package: Package, assignment: Assignment, first: date, last: date) -> list[date]:
    """The rule dates of a range on which the assignment is valid; on paused ones too."""
    rule = rule_of(package, assignment)
    return [day for day in each_day(first, last) if valid_on(assignment, day) and rule.names(day)]


def prices_on(package: Package, day: date, counted_from: date) -> dict[str, Fraction]:
    """Each price by itself: of the latest list that names it and has begun, without those for assignments that begin later."""
    prices: dict[str, Fraction] = {}
    for one in sorted(package.lists, key=lambda each: each.begins or date.min):
        begun = one.begins is None or one.begins <= day
        for_it = one.existing or one.begins is None or one.begins <= counted_from
        if begun and for_it:
            prices.update(one.prices)
    return prices


def terms_on(assignment: Assignment, day: date) -> Terms:
    """Each field by itself: of the latest entry that covers the day and names it, or the first value."""
    values: dict[str, Any] = {}
    for entry in sorted(assignment.entries, key=lambda each: each.begins):
        if entry.covers(day):
            values |= entry.values
    return replace(assignment.first, **values) if values else assignment.first


def valid_on(assignment: Assignment, day: date) -> bool:
    """Both dates count, and paused days as well."""
    return not assignment.cancelled and assignment.start <= day <= (assignment.end or FAR)


def active_quantity(assignment: Assignment, day: date) -> int:
    """The quantity in force; 0 outside the assignment and on paused days."""
    terms = terms_on(assignment, day)
    return terms.quantity if valid_on(assignment, day) and not terms.paused else 0


# Lines


@dataclass(frozen=True, kw_only=True)
class Line:
    """One charge as the facts give it. `quantity` is the signed difference in a proration line; a negative line is nominal here."""

    kind: str
    day: date
    quantity: int
    unit_cost: Fraction
    unit_retail: Fraction
    discount: Fraction
    cost: Fraction
    retail: Fraction
    auto_decrement_credit: bool

    @property
    def order(self) -> tuple[object, ...]:
        """Charges are tried by date, negative ones first, then by kind."""
        return self.day, not self.negative, KIND_ORDER[self.kind]

    @property
    def negative(self) -> bool:
        """Whether it takes back of charges."""
        return self.retail < 0 or self.cost < 0


def lines(
    package: Package, assignment: Assignment, first: date, last: date, spend: Mapping[date, Fraction], *, free: bool = False
) -> list[Line]:
    """Everything that is charged in a range, day by day, in the order in which it is tried; lines of no amount only if `free` ones are
    asked for."""
    found = [line for day in each_day(first, last) for line in _lines_of(package, assignment, day, spend)]
    return sorted((line for line in found if line.cost or line.retail or free), key=lambda line: line.order)


def _lines_of(package: Package, assignment: Assignment, day: date, spend: Mapping[date, Fraction]) -> Iterator[Line]:
    if valid_on(assignment, day) and day == assignment.start >= (assignment.charge_from or day):
        yield _setup(package, assignment)
    if package.minimum_spend:
        yield from _settlement(package, assignment, day, spend)
    elif not _charged_elsewhere(package, assignment, day):
        yield from _recurring(package, assignment, day)


def _setup(package: Package, assignment: Assignment) -> Line:
    """It is priced by its day; discounts are off the recurring retail only."""
    day, terms = assignment.start, terms_on(assignment, assignment.start)
    prices = prices_on(package, day, assignment.counted_from or day)
    cost = prices["setup_cost"] if assignment.setup_cost is None else assignment.setup_cost
    retail = prices["setup_retail"] if assignment.setup_retail is None else assignment.setup_retail
    return Line(
        kind="setup", day=day, quantity=terms.quantity, unit_cost=cost, unit_retail=retail, discount=NOTHING,
        cost=cost * terms.quantity, retail=retail * terms.quantity, auto_decrement_credit=terms.auto_decrement_credit,
    )  # fmt: skip


def _charged_elsewhere(package: Package, assignment: Assignment, day: date) -> bool:
    """A period that began before `charge_from`, where that lies after the start date, was charged in another system."""
    taken_over = assignment.charge_from is not None and assignment.charge_from > (assignment.counted_from or assignment.start)
    if not taken_over or day < assignment.start:
        return False
    return period(rule_of(package, assignment), day)[0] < (assignment.charge_from or FAR)


def _recurring(package: Package, assignment: Assignment, day: date) -> Iterator[Line]:
    """On a rule date the quantity that is active; between rule dates, with daily proration, what is active more or less."""
    active, before = (active_quantity(assignment, each) for each in (day, day - ONE_DAY))
    rule = rule_of(package, assignment)
    if not (active or before):
        return
    if rule.names(day):
        if active:
            yield _priced(package, assignment, "recurring", day, day, active, Fraction(active))
    elif package.proration == "daily" and active != before:
        since, until = period(rule, day)
        more = active - before
        first_active = next(each for each in each_day(since, until) if active_quantity(assignment, each))
        yield _priced(package, assignment, "proration", day, first_active, more, Fraction(more * (until - day).days, (until - since).days))


def _priced(package: Package, assignment: Assignment, kind: str, day: date, priced_on: date, quantity: int, units: Fraction) -> Line:
    """`units` times the unit prices of a day, the retail after its discount."""
    terms = terms_on(assignment, priced_on)
    prices = prices_on(package, priced_on, assignment.counted_from or assignment.start)
    cost = prices["cost"] if terms.cost is None else terms.cost
    retail = prices["retail"] if terms.retail is None else terms.retail
    return Line(
        kind=kind, day=day, quantity=quantity, unit_cost=cost, unit_retail=retail, discount=terms.discount,
        cost=rounded(cost * units), retail=rounded(retail * units * (100 - terms.discount) / 100),
        auto_decrement_credit=terms_on(assignment, day if kind == "proration" else priced_on).auto_decrement_credit,
    )  # fmt: skip


def _settlement(package: Package, assignment: Assignment, day: date, spend: Mapping[date, Fraction]) -> Iterator[Line]:
    """The minimum of the period that a rule date ends, or that the day after the end cuts short, less what was spent in it."""
    rule = rule_of(package, assignment)
    if not valid_on(assignment, day - ONE_DAY) or not (rule.names(day) or day - ONE_DAY == assignment.end):
        return
    since, until = period(rule, day - ONE_DAY)
    ours = max(since, assignment.start, assignment.charge_from or assignment.start)
    active = {each: active_quantity(assignment, each) for each in each_day(ours, day - ONE_DAY)}
    if not any(active.values()):
        return
    first_active = next(each for each, quantity in active.items() if quantity)
    units = Fraction(sum(active.values()), (until - since).days)
    minimum = _priced(package, assignment, "minimum_spend", day, first_active, active[first_active], units)
    spent = sum((spend.get(each, NOTHING) for each in active), NOTHING)
    yield replace(minimum, retail=max(NOTHING, minimum.retail - spent))


def not_over(kind: str, day: date, today: date) -> bool:
    """Whether a Run Package leaves a line alone because its day has not come."""
    return kind in ("proration", "minimum_spend") and day > today


# Negative lines


class Negative(Protocol):
    """A negative line with its nominal amounts."""

    @property
    def day(self) -> date:
        """Its date."""

    @property
    def retail(self) -> Fraction:
        """Zero or less."""

    @property
    def cost(self) -> Fraction:
        """Zero or less."""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """A charge in the ledger. `credited` amounts are what credits, reversals and earlier negative lines took off.

    `debited` says whether the charge took its retail from the balance when it was posted.
    """

    name: str
    kind: str
    day: date
    retail: Fraction
    cost: Fraction
    credited_retail: Fraction = NOTHING
    credited_cost: Fraction = NOTHING
    held: bool = False
    debited: bool = True


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a negative line takes of one charge; both amounts are positive."""

    charge: Charge
    retail: Fraction
    cost: Fraction

    @property
    def balance(self) -> Fraction:
        """How far the balance rises: as far as the charge had moved it. What is held has moved nothing."""
        return self.retail if self.charge.debited and not self.charge.held else NOTHING


def taken_back(line: Negative, since: date, until: date, charges: Iterable[Charge]) -> list[Taken]:
    """What a negative line takes of the charges of its period [since, until), the newest first; nothing where nothing is left.

    `charges` are in the order in which they were made. Retail and cost are taken each for itself.
    """
    retail, cost = -line.retail, -line.cost
    found = []
    newest_first = sorted(charges, key=lambda each: each.day)
    newest_first.reverse()
    for charge in newest_first:
        if charge.kind not in ("recurring", "proration") or not since <= charge.day < until:
            continue
        part = min(Fraction(1), Fraction((until - line.day).days, (until - charge.day).days))
        taken = Taken(
            charge=charge,
            retail=_at_most(retail, charge.retail - charge.credited_retail, part),
            cost=_at_most(cost, charge.cost - charge.credited_cost, part),
        )
        retail, cost = retail - taken.retail, cost - taken.cost
        if taken.retail or taken.cost:
            found.append(taken)
    return found


def _at_most(wanted: Fraction, left: Fraction, part: Fraction) -> Fraction:
    return max(NOTHING, min(wanted, rounded(left * part)))


def posted_sum(charge: Charge, taken: Iterable[Taken]) -> Fraction:
    """What a held charge posts together with the negative lines that are held with it."""
    return charge.retail - sum((one.retail for one in taken if one.charge.name == charge.name), NOTHING)


# Free minutes


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Seconds between two refills. `expires` is the first day without it; what was drawn since `used_since` counts as used."""

    begins: date
    seconds: int
    expires: date
    used_since: date
    own_charge: str | None


def bucket(package: Package, assignment: Assignment, day: date) -> Bucket | None:
    """The bucket that can be drawn from on a day."""
    minutes = terms_on(assignment, day).free_minutes
    if minutes is None or not active_quantity(assignment, day):
        return None
    rule = rule_of(package, assignment)
    since, until = period(rule, day)
    daily = package.proration == "daily"
    begins = _active_since(assignment, since, day) if daily else max(since, assignment.start)
    if rule.names(begins) and not active_quantity(assignment, begins):
        return None  # a due date that was skipped fills nothing
    own = "recurring" if rule.names(begins) else "proration" if daily else None
    part = Fraction((until - begins).days, (until - since).days) if daily else Fraction(1)
    end = assignment.end + ONE_DAY if assignment.end else FAR
    seconds = minutes * 60 * part
    return Bucket(
        begins=begins, seconds=seconds.numerator // seconds.denominator, expires=min(until, end),
        used_since=max(since, assignment.start), own_charge=own,
    )  # fmt: skip


def _active_since(assignment: Assignment, since: date, day: date) -> date:
    """The first of the active days of the period that lead up to the day without a gap."""
    while day > since and active_quantity(assignment, day - ONE_DAY):
        day -= ONE_DAY
    return day
