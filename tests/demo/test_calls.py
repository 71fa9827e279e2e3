"""The sample's calls and what the demo counts of them by itself, without any service."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console

from demo.calls import Call, make_calls, price_of
from demo.checks import Checks
from demo.independent import Expected, days, expected_charges
from demo.independent_calls import CallCount, Counted
from demo.provider import Assignment, Customer, Package, Provider, load
from demo.service import Service
from demo.switch import BATCH_CALLS, Switch
from demo.telephony import check_answers, check_days
from demo.teller import Teller
from demo.traffic import CallPlan, Destination

ANYWHERE = Destination(key="x", name="X", numbers=("1",), per_minute=())
FEBRUARY = date(2031, 2, 1)


@pytest.fixture(scope="module")
def provider() -> Provider:
    return load()


@pytest.fixture(scope="module")
def counts(provider: Provider) -> dict[str, CallCount]:
    """What the independent count makes of the sample's calls; ids in the order of the file, as the service makes them."""
    found = {}
    for customer in (one for one in provider.customers if one.traffic):
        count = CallCount(customer, [f"{number:02}" for number, _ in enumerate(customer.assignments)])
        for call in make_calls(customer, provider.story.calls):
            count.add(call)
        found[customer.id] = count
    return found


def bundle(
    destination: str = "", *, minutes: int = 1, did: str | None = None, frequency: str = "monthly", start: date = FEBRUARY,
    end: date | None = None,
) -> Assignment:  # fmt: skip
    return rented(
        package("free_minutes", destination=destination, frequency=frequency), did=did, start=start, end=end, free_minutes=minutes
    )


def package(kind: str, **fields: Any) -> Package:
    amounts = {"cost": Decimal(0), "retail": Decimal(0), "setup_cost": Decimal(0), "setup_retail": Decimal(0)}
    defaults: dict[str, Any] = {"frequency": "monthly", "frequency_match": (), "connexcs_package": None, "minimum_days": 0}
    return Package(key="p", name="P", currency="USD", type=kind, **amounts | defaults | fields)


def rented(
    of: Package, *, did: str | None = None, start: date = FEBRUARY, end: date | None = None, quantity: int = 1, free_minutes: int = 0,
    charge_from: date | None = None,
) -> Assignment:  # fmt: skip
    return Assignment(
        package=of, did=did, quantity=quantity, start_date=start, end_date=end, charge_from=charge_from,
        auto_decrement_credit=False, free_minutes=free_minutes,
    )  # fmt: skip


def customer_of(*assignments: Assignment) -> Customer:
    return Customer(id="c", name="C", currency="USD", prepaid=Decimal(0), debit_limit=None, assignments=assignments)


def call(seconds: int, charge: str = "0", *, number: str = "442079460000", day: date = FEBRUARY, did: str | None = None) -> Call:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return Call(call_id="1", started_at=at, destination=ANYWHERE, number=number, seconds=seconds, charge=Decimal(charge), did=did)


def count(assignments: Sequence[Assignment], *calls: Call) -> list[Counted]:
    counting = CallCount(customer_of(*assignments), [f"{number:02}" for number, _ in enumerate(assignments)])
    return [counting.add(one) for one in calls]


def from_each(counted: Counted) -> list[tuple[int, int]]:
    """Which assignments a call draws from, and how many seconds."""
    return [(index, seconds) for (index, _), seconds in counted.drawn]


def test_the_same_seed_makes_the_same_calls(provider: Provider) -> None:
    customer, plan = provider.customer("lindgren-imports"), provider.story.calls
    assert make_calls(customer, plan) == make_calls(customer, plan)
    first = make_calls(customer, plan)[0]
    # as written down when the sample was made: other machines make the same
    assert (first.call_id, first.number, first.seconds, str(first.charge)) == ("sw1-310201-001", "12125550160", 172, "0.0545")


def test_the_calls_look_like_calls(provider: Provider, counts: dict[str, CallCount]) -> None:
    plan = provider.story.calls
    assert 300 <= sum(len(count.counted) for count in counts.values()) <= 2000
    for count in counts.values():
        calls = [one.call for one in count.counted]
        assert max(Counter(one.call_id for one in calls).values()) == 1
        assert calls == sorted(calls, key=lambda one: (one.day, one.ended_at, one.call_id))
        for one in calls:
            assert plan.first_day <= one.day <= plan.last_day
            assert one.number.isdigit()
            assert 10 <= len(one.number) <= 13
            assert 1 <= one.seconds <= 5400
            assert one.charge == price_of(one.destination.price(count.customer.currency), one.seconds)
            assert one.number not in {a.did for a in count.customer.assignments}
            assert one.did in {a.did for a in count.customer.assignments}


def test_a_price_is_exact_and_rounded_half_up() -> None:
    assert price_of(Decimal("0.0190"), 75) == Decimal("0.0238")  # 0.02375
    assert price_of(Decimal("0.0600"), 60) == Decimal("0.0600")


def test_what_the_story_shows_is_in_the_sample(counts: dict[str, CallCount]) -> None:
    counted = [one for count in counts.values() for one in count.counted]
    assert any(0 < one.free_seconds < one.call.seconds for one in counted)
    assert any(len(one.drawn) > 1 for one in counted)
    used = [
        count.used[index, day] == count.customer.assignments[index].free_minutes * 60
        for count in counts.values()
        for index, day in count.used
    ]
    assert set(used) == {True, False}
    bundles = {a.package.destination for count in counts.values() for a in count.customer.assignments if a.free_minutes}
    assert {"^44|^91|^1", "^1", ""} <= bundles
    assert any(a.free_minutes and a.did for count in counts.values() for a in count.customer.assignments)


def test_the_minimums_of_the_sample(counts: dict[str, CallCount]) -> None:
    def due(customer_id: str, day: date) -> list[Expected]:
        count = counts[customer_id]
        return [c for c in expected_charges(count.customer, first=day, last=day, spend=count.spend) if c.kind == "minimum_spend"]

    (short,) = due("whitcombe-estates", date(2031, 3, 1))
    assert short.retail == Decimal("40.00") - (short.spent or 0) > 0
    (reached,) = due("marlowe-conference-services", date(2031, 3, 1))
    assert (reached.retail, reached.cost) == (0, 2)
    (cut,) = due("menuiserie-des-vosges", date(2031, 2, 19))
    assert cut.retail == Decimal("19.285714") - (cut.spent or 0) > 0  # 30.00 x 18 / 28
    assert due("nilgiri-support-desk", date(2031, 2, 17)) == []  # reached, and it has no cost
    assert due("nilgiri-support-desk", date(2031, 2, 24)) != []


@pytest.mark.parametrize(
    ("minutes", "seconds", "charge", "free", "to_pay"),
    [
        (2, 480, "0.80", 120, "0.60"),  # two minutes left of an eight-minute call at 0.10
        (8, 480, "0.80", 480, "0"),
        (1, 61, "1.00", 60, "0.016393"),  # 1/61 = 0.0163934
        (1, 90, "0.00001", 60, "0.000003"),  # 0.0000033
    ],
)
def test_a_call_is_free_as_far_as_its_bundle_goes(minutes: int, seconds: int, charge: str, free: int, to_pay: str) -> None:
    (counted,) = count([bundle(minutes=minutes)], call(seconds, charge))
    assert (counted.free_seconds, counted.charge) == (free, Decimal(to_pay))


def test_ten_seconds_left_of_a_call_of_twenty() -> None:
    _, second = count([bundle()], call(50), call(20, "0.02"))
    assert (second.free_seconds, second.charge) == (10, Decimal("0.01"))


def test_the_order_of_drawing() -> None:
    last = bundle()  # the whole customer's, everywhere
    later = bundle("^44", end=date(2031, 2, 28))
    earlier = bundle("^44", end=date(2031, 2, 27))
    longest = bundle("^1|^442|^4")
    own = bundle(did="19")
    other = [bundle("^91"), bundle(did="18"), bundle(start=date(2031, 2, 2)), bundle(start=date(2030, 1, 1), end=date(2031, 1, 31))]
    (counted,) = count([*other, last, later, later, earlier, longest, own], call(1000, did="19"))
    assert from_each(counted) == [(9, 60), (8, 60), (7, 60), (5, 60), (6, 60), (4, 60)]


def test_a_bundle_is_refilled_on_its_due_date_and_one_without_schedule_never() -> None:
    monthly, once = bundle(), bundle(frequency="none")
    calls = [call(100, day=day) for day in (FEBRUARY, date(2031, 2, 28), date(2031, 3, 1))]
    assert [from_each(one) for one in count([monthly, once], *calls)] == [[(0, 60), (1, 40)], [(1, 20)], [(0, 60)]]


def minimum(spent: str, **fields: Any) -> list[tuple[date, Decimal, Decimal]]:
    """Due dates, cost and retail of 50.00 a month at a cost of 0.70 from 1 February 2031 through 2 March, all spent on 2 February."""
    customer = customer_of(rented(package("standard", minimum_spend=True, retail=Decimal(50), cost=Decimal("0.70")), **fields))

    def spend(_did: str | None, since: date, until: date) -> Decimal:
        return Decimal(spent) if since <= date(2031, 2, 2) < until else Decimal(0)

    charges = expected_charges(customer, first=FEBRUARY, last=date(2031, 3, 2), spend=spend)
    return [(charge.day, charge.cost, charge.retail) for charge in charges]


@pytest.mark.parametrize(
    ("spent", "fields", "due"),
    [
        ("25.00", {}, [(date(2031, 3, 1), "0.70", "25")]),
        ("50.00", {}, [(date(2031, 3, 1), "0.70", "0")]),
        ("60.00", {"quantity": 2}, [(date(2031, 3, 1), "1.40", "40")]),
        ("10.00", {"end": date(2031, 2, 14)}, [(date(2031, 2, 15), "0.35", "15")]),  # half of February
        ("0", {"end": date(2031, 2, 9)}, [(date(2031, 2, 10), "0.225", "16.071429")]),  # 9/28; 16.0714286
        ("0", {"end": date(2031, 2, 28)}, [(date(2031, 3, 1), "0.70", "50")]),  # the eve of a due date: a whole period
        ("0", {"start": date(2031, 1, 1), "charge_from": date(2031, 1, 15)},
         [(date(2031, 2, 1), "0.383871", "27.419355"), (date(2031, 3, 1), "0.70", "50")]),  # 17 days of 31
        ("0", {"start": date(2031, 1, 1)}, [(date(2031, 2, 1), "0.70", "50"), (date(2031, 3, 1), "0.70", "50")]),
        ("0", {"end": FEBRUARY}, [(date(2031, 2, 2), "0.025", "1.785714")]),  # one day of 28
    ],
)  # fmt: skip
def test_what_is_missing_to_a_minimum(spent: str, fields: dict[str, Any], due: list[tuple[date, str, str]]) -> None:
    assert minimum(spent, **fields) == [(day, Decimal(cost), Decimal(retail)) for day, cost, retail in due]


class Recorder:
    """Stands for the service: keeps what is posted and sent by queue, and answers each call the number of times it came."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, list[str]]] = []
        self.queued: list[tuple[str, str]] = []

    def post(self, path: str, body: dict[str, Any]) -> Any:
        ids = [one["call_id"] for one in body["calls"]]
        self.posted.append((path, ids))
        return {"calls": [{"call_id": one, "times": sum(one in ids for at, ids in self.posted if at == path)} for one in ids]}

    def enqueue(self, queue: str, message: dict[str, Any]) -> None:
        self.queued.append((queue, message["customer"]))

    def items(self, path: str) -> list[dict[str, int]]:
        return [{"calls": 10**6}]


def test_the_switch_sends_each_call_in_time_some_twice_and_notices_other_answers(provider: Provider) -> None:
    recorder = Recorder()
    switch = Switch(cast(Service, recorder), provider)
    plan = provider.story.calls
    switch.deliver(plan.first_day)
    assert {call.day for line in switch.lines.values() for call, _ in line.answered()} == {plan.first_day}
    for day in days(plan.first_day, plan.last_day):
        switch.deliver(day)
    assert recorder.queued == [("record_usage", plan.queue_customer)] * 2
    for line in switch.lines.values():
        assert [call for call, _ in line.answered()] == make_calls(line.customer, plan)
        assert all(len(batch.calls) <= BATCH_CALLS for batch in line.sent)
    again = [line for line in switch.lines.values() if line.repeated]
    assert again
    assert all(line.problems for line in again)


class Rating(Recorder):
    """Stands for a service that rates one customer's calls right, but for what `spoil` does to the answers."""

    def __init__(self, customer: Customer, plan: CallPlan, ids: list[str], spoil: dict[str, Any]) -> None:
        super().__init__()
        self.plan, self.calls = plan, {one.call_id: one for one in make_calls(customer, plan)}
        self.count, self.ids, self.spoil = CallCount(customer, ids), ids, spoil

    def post(self, path: str, body: dict[str, Any]) -> Any:
        rated = {one.call.call_id: one for one in self.count.counted}
        for told in body["calls"]:
            if told["call_id"] not in rated:
                rated[told["call_id"]] = self.count.add(self.calls[told["call_id"]])
        return {"calls": [self.answer(rated[told["call_id"]]) for told in body["calls"]]}

    def answer(self, one: Counted) -> dict[str, Any]:
        exact = one.charge.normalize()
        charge = exact if -cast(int, exact.as_tuple().exponent) > 2 else exact.quantize(Decimal("0.01"))
        drawn = [{"assignment_id": self.ids[index], "seconds": seconds} for (index, _), seconds in one.drawn]
        right = {"call_id": one.call.call_id, "free_seconds": one.free_seconds, "charge": f"{charge:f}", "drawn": drawn}
        return right | {"billable_seconds": one.call.seconds - one.free_seconds} | self.spoil

    def items(self, path: str, did: str | None = None) -> list[dict[str, Any]]:
        found = []
        for day in days(self.plan.first_day, self.plan.last_day):
            if of_day := self.count.of_day(day, did):
                spend, seconds = sum(one.charge for one in of_day), sum(one.call.seconds for one in of_day)
                free = sum(one.free_seconds for one in of_day)
                right = {"date": str(day), "spend": str(spend), "seconds": seconds, "free_seconds": free, "calls": len(of_day)}
                found.append(right | {name: value for name, value in self.spoil.items() if name in right})
        return found


@pytest.mark.parametrize(
    ("spoil", "failed"),
    [({}, 0), ({"charge": "0.01"}, 1), ({"drawn": []}, 1), ({"free_seconds": 7}, 2), ({"billable_seconds": 0}, 1), ({"spend": "1"}, 2)],
    ids=["right", "charge", "drawn", "free", "billable", "spend"],
)
def test_the_checks_of_calls_notice(provider: Provider, spoil: dict[str, Any], failed: int) -> None:
    customer = provider.customer("harrow-lane-studios")
    ids = [f"{number:02}" for number, _ in enumerate(customer.assignments)]
    service = cast(Service, Rating(customer, provider.story.calls, ids, spoil))
    switch = Switch(service, provider)
    switch.lines = {customer.id: switch.lines[customer.id]}
    console = Console(file=StringIO(), width=100)
    teller = Teller(console=console, service=service, provider=provider, ids={customer.id: ids}, checks=Checks(), switch=switch)
    switch.deliver(provider.story.calls.last_day)
    teller.calls(customer)
    check_answers(teller, list(switch.lines.values()))
    check_days(teller, list(switch.lines.values()))
    assert len(teller.checks.failed) == failed
