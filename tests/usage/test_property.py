"""However calls arrive, what comes of them is what an independent oracle says (rules 4: Free Minutes, Minimum Spend).

Random bundles, minimum-spend assignments and calls in one order of arrival, sent in batches of any size, parts of them
again and again, and cut short before or after any transaction. Transactions are made small, so that batches take several.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from chalicelib.domain.account import Account
from chalicelib.domain.assignment import Assignment
from chalicelib.domain.minutes import Call, Rated
from chalicelib.domain.package import Package
from chalicelib.domain.schedule import Frequency
from chalicelib.storage import accounts, assignments, packages
from chalicelib.storage.db import Action, Db
from chalicelib.usecases import loading, usage
from chalicelib.usecases.request_context import RequestContext
from tests.api.support import unique
from tests.oracles.usage import Answer, Bundle, Heard, Terms, World, told_charges

FIRST = date(2024, 2, 20)
DAYS = 8
LAST = FIRST + timedelta(days=DAYS - 1)
LATER = LAST + timedelta(days=40)
FOREVER = timedelta(days=50_000)
ACT = RequestContext("test", datetime(2024, 3, 20, tzinfo=UTC), date(2024, 3, 20), "test", lambda: datetime(2024, 3, 20, tzinfo=UTC))
DIDS = (None, "100", "200")
NUMBERS = ("1", "4", "44", "441", "4412", "4412", "9144", "0")
DESTINATIONS = ((), (), ("4",), ("44",), ("441", "4"), ("1", "44", "91"), ("44", "441", "4412"), ("7",))


SEEDS = st.integers(0, 2**20)


class CutShort(Exception):
    """What a test raises where a process may die."""


class Fragile(Db):
    """Tables behind a connection that breaks at one transaction, before or after it is carried out; None: never."""

    def __init__(self, db: Db) -> None:
        super().__init__(db.client, db.tables)
        self.breaks_at: int | None = None
        self.breaks_after = False
        self.transactions = 0

    def transact(self, actions: Sequence[Action]) -> None:
        assert len(actions) <= 100
        breaks = self.transactions == self.breaks_at
        self.transactions += 1
        if breaks and not self.breaks_after:
            raise CutShort
        super().transact(actions)
        if breaks:
            raise CutShort


@dataclass(frozen=True)
class Sending:
    """A batch: the next `new` calls after `again` earlier ones; cut short at its n-th transaction, then sent once more."""

    new: int
    again: int
    breaks_at: int | None
    breaks_after: bool
    room: int


@dataclass(frozen=True)
class Sold:
    """An assignment with its package."""

    package: Package
    assignment: Assignment


def frequencies(*, once: bool) -> st.SearchStrategy[tuple[Frequency, tuple[int, ...]]]:
    """Frequencies with their match."""
    fixed: list[Frequency] = ["daily", "quarterly", "yearly", *(["none"] if once else [])]  # type: ignore[list-item]
    return st.one_of(
        st.sampled_from(fixed).map(lambda name: (name, ())),
        st.sets(st.integers(0, 6), max_size=3).map(lambda match: ("weekly", tuple(sorted(match)))),
        st.sets(st.integers(1, 31), max_size=3).map(lambda match: ("monthly", tuple(sorted(match)))),
    )


@st.composite
def validities(draw: st.DrawFn) -> tuple[date, date | None]:
    start = FIRST + timedelta(days=draw(st.integers(-15, 3)))
    return start, draw(st.none() | st.none() | st.integers(0, 30).map(lambda n: start + timedelta(days=n)))


@st.composite
def bundles(draw: st.DrawFn) -> Sold:
    frequency, match = draw(frequencies(once=True))
    start, end = draw(validities())
    chosen = Random(f"bundle {draw(SEEDS)}")
    destination = "|".join(f"^{prefix}" for prefix in chosen.choice(DESTINATIONS))
    package = Package("", "Bundle", "USD", frequency=frequency, frequency_match=match, type="free_minutes", destination=destination)
    given_to = Assignment("", "", "", start, chosen.choice(DIDS), end_date=end, free_minutes=chosen.randint(1, 5))
    return Sold(package, given_to)


@st.composite
def commitments(draw: st.DrawFn) -> Sold:
    frequency, match = draw(frequencies(once=False))
    start, end = draw(validities())
    retail, cost = draw(amounts(50)), draw(amounts(3))
    package = Package("", "Commitment", "USD", cost=cost, retail=retail, frequency=frequency, frequency_match=match, minimum_spend=True)
    did, quantity = draw(st.sampled_from(DIDS)), draw(st.integers(1, 3))
    return Sold(package, Assignment("", "", "", start, did, quantity, end_date=end))


def amounts(most: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(0, most, places=6) | st.integers(0, most).map(Decimal)


@st.composite
def calls(draw: st.DrawFn, number: int) -> Call:
    """Drawn by a seed: what hypothesis likes to draw, zeros and the same again, hardly ever empties a bucket in the middle of a call."""
    chosen = Random(f"call {number} {draw(SEEDS)}")
    day = FIRST + timedelta(days=chosen.randrange(DAYS))
    charge = Decimal(chosen.choice([0, 1, 10**6, chosen.randrange(20 * 10**6)])) / 10**6
    return Call(
        f"call-{number}",
        f"{day}T{chosen.randrange(24):02}:00:00+00:00",
        day,
        chosen.choice(NUMBERS) + "5550001",
        chosen.choice([0, 1, 60, chosen.randrange(200), chosen.randrange(200)]),
        charge,
        chosen.choice((*DIDS, "300")),
    )


sendings = st.builds(
    Sending,
    new=st.integers(1, 8),
    again=st.integers(0, 6),
    breaks_at=st.none() | st.integers(0, 4),
    breaks_after=st.booleans(),
    room=st.sampled_from([1, 4, 7, 12, 100]),
)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Call]:
    return [draw(calls(number)) for number in range(draw(st.integers(8, 30)))]


def sell(db: Db, sold: Sequence[Sold]) -> tuple[str, list[Sold]]:
    """A new customer with these assignments, whose ids go up in this order."""
    customer = unique("u")
    given_to = [
        Sold(
            one.package._replace(package_id=f"{customer}-p{n}"),
            one.assignment._replace(customer_id=customer, assignment_id=f"a{n}", package_id=f"{customer}-p{n}"),
        )
        for n, one in enumerate(sold)
    ]
    every = [packages.create_package(one.package) for one in given_to] + [assignments.create_assignment(one.assignment) for one in given_to]
    db.transact([accounts.create_account(Account(customer, "USD")), *every])
    return customer, given_to


def send(db: Fragile, customer: str, batch: list[Call], sending: Sending) -> list[Rated]:
    """Send a batch until it is answered."""
    db.breaks_at, db.breaks_after, db.transactions = sending.breaks_at, sending.breaks_after, 0
    with patch.object(usage, "TRANSACTION_ACTIONS_MAX", sending.room):
        try:
            return usage.record_calls(db, ACT, customer, batch, FOREVER)
        except CutShort:
            event("cut short")
            db.breaks_at = None
            return usage.record_calls(db, ACT, customer, batch, FOREVER)


def batches(told: list[Call], plan: list[Sending]) -> Iterator[tuple[list[Call], Sending]]:
    """The calls in their order, in batches as planned, what is left in one more; earlier ones again before new ones."""
    at = 0
    for sending in [*plan, Sending(len(told), 3, None, False, 100)]:
        until = min(at + sending.new, len(told))
        batch = told[max(0, at - sending.again) : until]
        at = until
        if batch:
            yield batch, sending


def bundle(sold: Sold) -> Bundle:
    package, to = sold.package, sold.assignment
    return Bundle(
        name=to.assignment_id, did=to.did, prefixes=tuple(package.destination.replace("^", "").split("|")) if package.destination else (),
        minutes=to.free_minutes or 0, frequency=package.frequency, match=package.frequency_match, start=to.start_date, end=to.end_date,
    )  # fmt: skip


def heard(call: Call) -> Heard:
    return Heard(
        name=call.call_id, day=call.day, destination=call.destination, seconds=call.seconds, charge=Fraction(call.charge), did=call.did
    )


def plain(rated: Rated) -> Answer:
    """An answer in the oracle's words."""
    drawn = tuple((draw.key.assignment_id, draw.seconds) for draw in rated.drawn)
    return Answer(free=rated.free_seconds, billable=rated.billable_seconds, charge=Fraction(rated.charge), drawn=drawn)


def demand_same_totals(db: Db, customer: str, world: World) -> None:
    """Days and DIDs; the spend of a day is the sum of its billable charges."""
    for did in (None, "100", "200", "300"):
        found, more = usage.list_days(db, customer, did, FIRST, LAST, None, 1000)
        assert more is None
        kept = {day: (Fraction(total.charge), total.seconds, total.free_seconds, total.calls) for day, total in found}
        assert kept == world.totals(did)


def demand_same_buckets(db: Db, customer: str, world: World) -> None:
    """What is stored of every bucket, and what is shown of them on the first and the last day; never more than the allotment."""
    stored = db.query_all("usage", "#pk = :pk AND begins_with(#sk, :bucket)", {"pk": customer, "bucket": "BUCKET#"})
    kept = {item["sk"]: int(item["used"]) for item in stored}
    assert kept == {f"BUCKET#{name}#{begins}": seconds for (name, begins), seconds in world.used.items() if seconds}
    for day in (FIRST, LAST):
        shown = {one.assignment.assignment_id: one.used for one in usage.read_minutes(db, customer, day)}
        assert shown == {one.name: world.used_on(one, day) for one in world.bundles if one.is_valid(day)}
    most = {one.name: one.minutes * 60 for one in world.bundles}
    assert all(seconds <= most[name] for (name, _), seconds in world.used.items())


def demand_same_charges(db: Db, given_to: Sequence[Sold], world: World) -> None:
    """Every minimum-spend line, closing ones included."""
    for one in given_to:
        found = loading.load_and_price(db, one.assignment, one.package, FIRST, LATER)
        made = [(line.due_date, line.kind, Fraction(line.cost), Fraction(line.retail)) for line in found]
        assert made == told_charges(terms(one, world), FIRST, LATER)


def terms(one: Sold, world: World) -> Terms:
    package, to = one.package, one.assignment
    return Terms(
        frequency=package.frequency, match=package.frequency_match, start=to.start_date, end=to.end_date, charge_from=None,
        quantity=to.quantity, cost=Fraction(package.cost), retail=Fraction(package.retail), setup_cost=Fraction(0),
        setup_retail=Fraction(0), minimum_spend=package.minimum_spend, spend=world.spend(to.did),
    )  # fmt: skip


def most_draws(world: World) -> int:
    """How many calls drew from one assignment."""
    names = [name for _, answer in world.heard.values() for name, _ in answer.drawn]
    return max(map(names.count, names), default=0)


@pytest.mark.deploy
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    given_bundles=st.lists(bundles(), min_size=1, max_size=6),
    given_commitments=st.lists(commitments(), max_size=2),
    told=arrivals(),
    plan=st.lists(sendings, min_size=2, max_size=8),
)
def test_calls_come_to_what_the_oracle_says(
    db: Db, given_bundles: list[Sold], given_commitments: list[Sold], told: list[Call], plan: list[Sending]
) -> None:
    fragile = Fragile(db)
    customer, given_to = sell(db, [*given_bundles, *given_commitments])
    world = World([bundle(one) for one in given_to if one.assignment.free_minutes])
    for batch, sending in batches(told, plan):
        wanted = [world.hear(heard(call)) for call in batch]
        assert [plain(one) for one in send(fragile, customer, batch, sending)] == wanted
        assert all(answer.free + answer.billable == call.seconds for call, answer in zip(batch, wanted, strict=True))
    event(f"buckets drawn from: {len(world.used)}, most draws of a bucket: {min(most_draws(world), 4)}")
    demand_same_totals(db, customer, world)
    demand_same_buckets(db, customer, world)
    demand_same_charges(db, [one for one in given_to if one.package.minimum_spend], world)
    fragile.breaks_at = 0
    assert [plain(one) for one in usage.record_calls(fragile, ACT, customer, told, FOREVER)] == [world.hear(heard(call)) for call in told]
